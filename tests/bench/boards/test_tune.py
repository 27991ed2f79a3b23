"""A board's best setting, found through frames and nonces of emulated boards, in virtual time."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from stampmill.bench.boards import tune
from stampmill.bench.boards.world import Plan, Seat, seat
from stampmill.core import native
from stampmill.core.backends.asic.tuning.point import Point, Wanted
from stampmill.core.backends.asic.tuning.result import Measured, Result, Verdict
from stampmill.core.backends.asic.tuning.tuner import Pace
from stampmill.core.board_report import MeasuredRate
from stampmill.core.cli.main import main
from stampmill.core.emulator.boards.kinds import BoardOptions
from stampmill.core.emulator.chips.silicon import Conditions, limit_mhz
from stampmill.core.emulator.virtual_time import run
from stampmill.core.tuning import BoardSetting

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

PACE = Pace(settle=6.0, look=3.0, longest=30.0, precision=0.2)
WANTED = Wanted(max_error_ratio=0.08)


def tuned(kind: str, pace: Pace = PACE) -> tuple[Result, tuple[Result, ...], Seat]:
    async def main() -> tuple[Result, tuple[Result, ...], Seat]:
        # So many hashes a second that a job's first ones, which are lost with it, do not count.
        options = BoardOptions(kind, rate=2.0**17, zero_bits=13, seed=3)
        place = seat(options, "board-0", Plan(0.0, tick=0.5))
        try:
            best, results = await tune.tune_backend(place.backend, WANTED, pace)
        finally:
            await place.close()
        return best, results, place

    return run(main())


def test_the_clock_of_a_bare_chain_goes_up_to_where_its_errors_begin():
    best, results, place = tuned("bm1370")
    # With (above / 4 %) ** 2 errors, 8 % of them are 1.1 % above the limit, where the clock no
    # longer gains what they cost. A step is 6.25 MHz.
    limit = limit_mhz(525.0, Conditions())
    assert limit - 2 * 6.25 <= best.point.mhz <= limit * 1.012 + 1e-6
    assert {result.verdict for result in results} > {Verdict.GOOD}
    counters = place.board.counters()
    assert counters["mhz"] == pytest.approx(best.point.mhz, rel=0.005)
    assert counters["errors"] > 0
    assert counters["clock_jumps"] == counters["odd_clocks"] == 0


def test_the_voltage_of_a_bitaxe_is_changed_cold_and_it_ends_cold():
    best, results, place = tuned("bitaxe-gamma", replace(PACE, settle=3.0, budget=140.0))
    assert best.is_good
    assert len({result.point.volts for result in results}) > 1
    counters = place.board.counters()
    assert counters["violations"] == 0
    assert counters["volts"] == 0.0
    assert counters["clock_jumps"] == 0


def test_one_that_is_interrupted_goes_back_before_it_is_closed():
    async def main() -> list[float]:
        place = seat(BoardOptions("bm1370", rate=2.0**17, zero_bits=13), "b", Plan(0.0, tick=0.5))
        told: list[str] = []
        task = asyncio.ensure_future(tune.tune_backend(place.backend, WANTED, PACE, told.append))
        while not told:  # noqa: ASYNC110  virtual time
            await asyncio.sleep(0.5)
        await asyncio.sleep(3.0)  # at the second setting, of which nothing is known yet
        before = place.board.counters()["mhz"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        after = place.board.counters()["mhz"]
        await place.close()
        return [before, after]

    before, after = run(main())
    assert before == pytest.approx(550.0, rel=0.01)
    assert after == pytest.approx(525.0, rel=0.01)


def test_what_was_found_is_shown_for_people_and_for_programs(tmp_path):
    rate = MeasuredRate(1.1e12, 1.0e12, 1.2e12)
    measured = Measured(1.1e12, rate, 999, 1, 60.0, 61.0, 17.6)
    results = (
        Result(Point(550.0, 1.15), Verdict.GOOD, measured),
        Result(Point(550.0, 1.0), Verdict.FAULT, reason="no chip answers"),
    )
    setting = BoardSetting("bitaxe-gamma", "rate", "now", 550.0, 1.15, 1.1e12, 0.001, 17.6, 61.0)
    found = tune.Tuning("b1", setting, results, tmp_path / "tune.json")
    text = tune.report(found)
    assert "550 MHz at 1.15 V  good " in text
    assert "0.10%  17.6  16.02  61" in text
    assert "best for rate: 550 MHz at 1.15 V; remembered for b1" in text
    document = msgspec.json.decode(msgspec.json.encode(tune.as_document(found)))
    assert (document["board"], document["mhz"], document["volts"]) == ("b1", 550.0, 1.15)
    assert [one["verdict"] for one in document["tried"]] == ["good", "the board gave up"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-d", "asic:/dev/nowhere"), "/dev/nowhere"),
        (("-d", "toaster"), "asic:PATH"),
    ],
)
def test_what_cannot_be_tuned_is_one_line(capsys, arguments, said):
    assert main(["bench", "tune", *arguments]) in {2, 3}
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
