import asyncio

import pytest

from stampmill.core.backends.asic.board.baud import slow_down
from stampmill.core.backends.asic.chip import table
from stampmill.core.backends.asic.link.errors import PortGoneError

from .lines import ScriptedPort, at_once


class Adapter(ScriptedPort):
    """Knows some rates only; keeps the rate that each frame was sent at."""

    def __init__(self, unknown: frozenset[int] = frozenset()) -> None:
        super().__init__()
        self.sent: list[tuple[int, str]] = []
        self._unknown = unknown

    async def set_baud(self, baud: int) -> None:
        if baud in self._unknown:
            raise PortGoneError(self.name, "invalid argument")
        await super().set_baud(baud)

    def write(self, data: bytes) -> None:
        self.sent.append((self.baud, data.hex()))


def slowed(chip: table.Chip, rate: int, unknown: frozenset[int] = frozenset()) -> Adapter:
    port = Adapter(unknown)
    asyncio.run(slow_down(port, chip, rate, at_once))
    assert port.baud == 115_200
    return port


def test_chips_are_called_back_at_each_rate_that_they_may_have_taken() -> None:
    # 01301A00 is what register 28 holds after a reset (mujina's live read).
    frame = "55aa5109002801301a000f"
    sent = slowed(table.BM1370, 1_000_000).sent
    assert sent[:3] == [(1_000_000, frame), (500_000, frame), (2_000_000, frame)]
    assert {baud for baud, _ in sent} >= {3_125_000, 1_500_000}
    assert len({baud for baud, _ in sent}) == len(sent)


def test_a_bm1397_has_its_rate_in_another_register() -> None:
    assert {data[:20] for _, data in slowed(table.BM1397, 1_500_000).sent} == {
        "55aa5109001800007a31"
    }


def test_an_adapter_that_does_not_know_a_rate_is_not_gone() -> None:
    port = slowed(table.BM1370, 1_000_000, frozenset([500_000]))
    assert 500_000 not in {baud for baud, _ in port.sent}


def test_an_adapter_that_is_gone_is_said_to_be() -> None:
    with pytest.raises(PortGoneError):
        slowed(table.BM1370, 1_000_000, frozenset([115_200]))
