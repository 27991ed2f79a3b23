from collections.abc import Callable

import pytest

from stampmill.core import native
from stampmill.core.backends.asic.board import icarus as board_module
from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.board.icarus import ERUPTER, ICARUS, IcarusBoard, IcarusKind
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.wire import icarus
from stampmill.core.emulator import virtual_time
from stampmill.core.emulator.boards.icarus import EmulatedIcarus, IcarusOptions
from stampmill.core.errors import UsageError
from tests.core.fakes import make_job, make_work

from .lines import ScriptedPort


def device(extra: bytes = b"", division: str = "04c0fdb4") -> Callable[[bytes], bytes]:
    answers = {
        icarus.GOLDEN_WORK: icarus.GOLDEN_NONCE + extra,
        icarus.DIVISION_WORK: bytes.fromhex(division),
    }
    return lambda data: answers.get(data, b"")


def up(port: ScriptedPort, kind: IcarusKind = ICARUS) -> IcarusBoard:
    return IcarusBoard("/dev/ttyUSB0", kind, opener=port.opened)


@pytest.mark.parametrize("kind", [ICARUS, ERUPTER], ids=lambda kind: kind.name)
def test_it_is_known_by_the_golden_work(kind: IcarusKind) -> None:
    async def run() -> None:
        board = up(ScriptedPort(device()), kind)
        facts = await board.bring_up()
        assert (facts.kind, facts.hashrate, facts.zero_bits) == (kind.name, kind.rate, 32)
        assert (facts.max_ticket_bits, facts.versions) == (0, 1)
        assert facts.stops_at_nonce is (kind is ICARUS)
        # New work comes before the 11.3 s of a whole range are over.
        assert 5 < board.job_seconds(make_work(make_job())) <= 10

    virtual_time.run(run())


@pytest.mark.parametrize(
    ("division", "kind"), [("417c0f36", "Icarus, 4 parts"), ("00000000", "Icarus, 2 parts")]
)
def test_it_says_into_how_many_parts_it_divides_the_nonces(division: str, kind: str) -> None:
    facts = virtual_time.run(up(ScriptedPort(device(division=division))).bring_up())
    assert facts.kind == kind


@pytest.mark.parametrize(
    ("extra", "name"), [(b"\x80", "an Antminer U1 to U3"), (bytes(4), "a Rockminer")]
)
def test_relatives_with_longer_replies_are_named_and_refused(extra: bytes, name: str) -> None:
    with pytest.raises(BoardError, match=f"is {name}, which is not supported"):
        virtual_time.run(up(ScriptedPort(device(extra))).bring_up())


@pytest.mark.parametrize(
    ("answer", "text"),
    [(b"", "does not answer"), (b"OK\r\n", "answers the golden work with 4f4b0d0a")],
)
def test_something_else_is_no_icarus(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, text: str
) -> None:
    monkeypatch.setattr(board_module, "_SILENCE", 0.001)
    port = ScriptedPort(lambda _data: answer)
    with pytest.raises(BoardError, match=text):
        virtual_time.run(up(port).bring_up())
    assert port.written[:2] == [icarus.GOLDEN_WORK] * 2
    # What talks is something else for sure; what is silent may be out of step.
    assert len(port.written) == (2 if answer else 2 + 64)


class LossyLine:
    """An emulated device behind a line that loses the first bytes of a write."""

    def __init__(self) -> None:
        self.device = EmulatedIcarus(IcarusOptions(rate=380e6))
        self.loses = 0
        self._now = 0.0

    def answer(self, data: bytes) -> bytes:
        data, self.loses = data[self.loses :], 0
        self.device.feed(data, self._now, 115_200.0)
        self._now += 1.1 * icarus.GOLDEN_HASHES / 380e6
        self.device.advance(self._now)
        return b"".join(sent.data for sent in self.device.sent())

    @property
    def is_in_step(self) -> bool:
        return self.device.counters()["partial_bytes"] == 0


@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
@pytest.mark.parametrize("lost", [1, 63])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_device_that_missed_a_byte_is_brought_back_in_step(
    monkeypatch: pytest.MonkeyPatch, lost: int, is_known: bool
) -> None:
    for seconds in ("_SILENCE", "_ANSWER_SECONDS", "_DIVISION_SECONDS"):
        monkeypatch.setattr(board_module, seconds, 0.001)

    async def run() -> None:
        line = LossyLine()
        port = ScriptedPort(line.answer)
        board = up(port)
        await board.bring_up()
        line.loses = lost
        board.start(0, make_work(make_job()))
        assert not line.is_in_step
        if not is_known:  # the next run's
            board = up(port)
        await board.bring_up()
        assert line.is_in_step
        works = line.device.works
        board.start(1, make_work(make_job()))
        assert (line.device.works, line.is_in_step) == (works + 1, True)

    virtual_time.run(run())


def test_what_an_earlier_program_left_on_the_line_is_passed_over() -> None:
    async def run() -> None:
        port = ScriptedPort(device())
        port.say(b"\x01\x02\x03")
        board = up(port)
        await board.bring_up()
        assert board.counters().discarded_bytes == 3

    virtual_time.run(run())


def test_nonces_are_put_together_and_half_ones_dropped() -> None:
    async def run() -> None:
        port = ScriptedPort(device())
        board = up(port)
        await board.bring_up()
        for part in (b"\x00\x02", b"\x10\x8b\x01"):
            port.say(part)
        assert await board.hear() == []
        (found,) = await board.hear()
        assert (found.job_id, found.nonce) == (None, int.from_bytes(b"\x00\x02\x10\x8b", "little"))
        assert await board.hear() == ()  # 100 ms later the byte that was left over is dropped
        assert board.counters().discarded_bytes == 1
        port.say(b"\x04\x03\x02\x01")
        (found,) = await board.hear()
        assert found.nonce == 0x01020304

    virtual_time.run(run())


def test_late_nonces_of_the_golden_work_are_nobodys() -> None:
    async def run() -> None:
        port = ScriptedPort(device())
        board = up(port, ERUPTER)
        await board.bring_up()
        port.say(icarus.GOLDEN_NONCE)
        assert await board.hear() == []

    virtual_time.run(run())


def test_work_is_one_midstate_and_the_end_of_the_header() -> None:
    async def run() -> None:
        port = ScriptedPort(device())
        board = up(port)
        await board.bring_up()
        work = make_work(make_job())
        board.start(1, work)
        state, tail = icarus.decode_work(port.written[-1])
        assert tail == work.prefix()[64:]
        assert len(state) == 32
        (found,) = [await anext_nonce(board, port)]
        assert board.version(work, found) == work.job.version

    virtual_time.run(run())


async def anext_nonce(board: IcarusBoard, port: ScriptedPort):  # type: ignore[no-untyped-def]
    port.say(b"\x01\x02\x03\x04")
    return (await board.hear())[0]


def test_gone_is_said() -> None:
    async def run() -> None:
        port = ScriptedPort(device())
        board = up(port)
        await board.bring_up()
        port.say(b"")
        with pytest.raises(PortGoneError):
            await board.hear()
        await board.stop()
        assert port.closed
        with pytest.raises(BoardError, match="is not up"):
            board.start(0, make_work(make_job()))

    virtual_time.run(run())


@pytest.mark.parametrize("settings", [BoardSettings(mhz=400.0), BoardSettings(volts=1.0)])
def test_what_is_fixed_cannot_be_set(settings: BoardSettings) -> None:
    with pytest.raises(UsageError, match="clock and voltage of Icarus are fixed"):
        IcarusBoard("/dev/ttyUSB0", ICARUS, settings)


def test_the_clock_stays() -> None:
    with pytest.raises(BoardError, match="the clock of Icarus is fixed"):
        virtual_time.run(up(ScriptedPort()).retune(400.0))
