"""Changes of voltage, at an emulated Bitaxe with its guardian, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from stampmill.bench.boards.world import JobStream, Plan, Seat, seat
from stampmill.core import native
from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.board.chip_board import ChipBoard
from stampmill.core.emulator.boards.kinds import BoardOptions
from stampmill.core.emulator.virtual_time import run
from stampmill.core.errors import UsageError
from stampmill.core.miner import Miner

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")


@asynccontextmanager
async def mining(kind: str = "bitaxe-gamma") -> AsyncIterator[tuple[Seat, ChipBoard]]:
    place = seat(BoardOptions(kind, rate=2.0**14, zero_bits=10), "board", Plan(0.0, tick=0.5))
    source = JobStream(10.0, 10)
    miner = Miner(source, [place.backend], clock=asyncio.get_running_loop().time)
    task = asyncio.ensure_future(miner.run())
    board = place.backend._board
    assert isinstance(board, ChipBoard)
    while not works(place):  # noqa: ASYNC110  virtual time
        await asyncio.sleep(0.5)
    try:
        yield place, board
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await place.close()


def works(place: Seat) -> bool:
    report = place.backend.telemetry().board
    return report is not None and report.working


async def stands_at(place: Seat) -> tuple[float, float]:
    await asyncio.sleep(1.0)  # until the last frame has gone over the line
    counters = place.board.counters()
    return round(counters["mhz"]), round(counters["volts"], 2)


def test_clock_and_voltage_are_set_and_stay_over_a_recovery() -> None:
    async def main() -> tuple[list[tuple[float, float]], float]:
        async with mining() as (place, _):
            seen = [await stands_at(place)]
            await place.backend.retune(550.0, 1.2)
            seen.append(await stands_at(place))
            await place.backend.retune(562.5, 1.2)
            seen.append(await stands_at(place))
            place.unplug()
            await asyncio.sleep(5.0)
            place.plug_in()
            await asyncio.sleep(30.0)
            assert works(place)
            seen.append(await stands_at(place))
            return seen, place.board.counters()["violations"]

    seen, violations = run(main())
    assert seen == [(525, 1.15), (550, 1.2), (562, 1.2), (562, 1.2)]
    assert violations == 0


def test_a_voltage_at_which_the_board_does_not_come_up_is_undone() -> None:
    async def main() -> tuple[float, float]:
        async with mining() as (place, board):
            usual = board.bring_up

            async def bring_up() -> object:
                if board.settings.volts == 1.0:
                    raise BoardError("no chip answers")
                return await usual()

            board.bring_up = bring_up  # type: ignore[method-assign, assignment]
            with pytest.raises(BoardError, match="no chip answers"):
                await place.backend.retune(500.0, 1.0)
            assert works(place)
            await place.backend.retune(550.0, 1.15)
            return await stands_at(place)

    assert run(main()) == (550, 1.15)


@pytest.mark.parametrize(
    ("kind", "mhz", "volts", "said"),
    [
        ("bitaxe-gamma", 525.0, 1.3, "1 to 1.25 V"),
        ("bitaxe-gamma", 650.0, 1.2, "50 to 625 MHz"),
        ("bitaxe-gamma", 650.0, 1.15, "50 to 625 MHz"),
        ("bm1370", 525.0, 1.2, "keeps its own voltage"),
    ],
)
def test_what_is_beyond_limits_is_refused_and_the_board_left_alone(
    kind: str, mhz: float, volts: float, said: str
) -> None:
    async def main() -> None:
        async with mining(kind) as (place, _):
            with pytest.raises(UsageError, match=said):
                await place.backend.retune(mhz, volts)
            await asyncio.sleep(2.0)
            assert works(place)
            assert round(place.board.counters()["mhz"]) == 525

    run(main())
