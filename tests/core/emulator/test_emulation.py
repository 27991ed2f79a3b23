from collections import Counter

import pytest

from stampmill.core.emulator.device import USB_RATE, Sent, same_baud
from stampmill.core.emulator.emulation import Emulation

BAUD = 115_200.0


class Echo:
    """Answers each piece it gets; it hears only its own rate."""

    def __init__(self, baud: float = BAUD) -> None:
        self.baud = baud
        self.heard: list[tuple[bytes, float]] = []
        self._sent: list[Sent] = []

    def feed(self, data: bytes, now: float, baud: float) -> None:
        self.heard.append((data, baud))
        self._sent.append(Sent(now, data, self.baud))

    def advance(self, now: float) -> None:
        pass

    def sent(self) -> list[Sent]:
        sent, self._sent = self._sent, []
        return sent

    def counters(self) -> dict[str, float]:
        return {"heard": len(self.heard)}


def test_what_is_written_arrives_after_its_time_and_so_does_the_answer():
    emulation = Emulation(Echo())
    emulation.host_wrote(b"x" * 1152, 1.0, BAUD)
    assert emulation.next_at == pytest.approx(1.1)
    assert emulation.poll(1.05, BAUD) == []
    assert emulation.poll(1.1001, BAUD) == []
    assert emulation.next_at == pytest.approx(1.2)
    assert emulation.poll(1.2001, BAUD) == [b"x" * 1152]
    assert emulation.counters() == {"heard": 1, "bytes_in": 1152, "bytes_out": 1152}


def test_a_host_at_another_rate_reads_garbage():
    emulation = Emulation(Echo())
    emulation.host_wrote(b"x" * 11, 1.0, BAUD)
    (piece,) = emulation.poll(2.0, 1_000_000) + emulation.poll(2.1, 1_000_000)
    assert len(piece) == 11
    assert piece != b"x" * 11
    assert emulation.counted["garbled"] == 1


def test_a_usb_port_has_no_rate():
    emulation = Emulation(Echo(), is_usb=True)
    emulation.host_wrote(b"x" * 11, 1.0, 300)
    assert emulation.poll(1.001, 9600) + emulation.poll(1.002, 9600) == [b"x" * 11]
    assert USB_RATE > 1e6


def test_garbage_waits_for_whoever_opens_the_port():
    emulation = Emulation(Echo(), garbage=40)
    assert len(b"".join(emulation.poll(1.0, BAUD))) == 40


def test_damage_is_done_to_what_the_device_sends():
    counted: Counter[str] = Counter()

    def damage(frame: bytes) -> list[bytes]:
        counted["frames"] += 1
        return [frame[:3], frame]

    emulation = Emulation(Echo(), damage=damage)
    emulation.host_wrote(b"frame", 1.0, BAUD)
    assert emulation.poll(2.0, BAUD) + emulation.poll(3.0, BAUD) == [b"fra", b"frame"]
    assert counted["frames"] == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(115_200, 25e6 / 216, True), (1_000_000, 25e6 / 24, True), (115_200, 1_000_000, False),
     (3_125_000, 25e6 / 8, True), (57_600, 25e6 / 216, False), (0.0, BAUD, False)],
)  # fmt: skip
def test_rates_a_uart_takes_for_the_same(one, other, same):
    assert same_baud(one, other) is same
