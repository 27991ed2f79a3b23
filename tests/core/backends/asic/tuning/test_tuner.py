"""The whole search at boards of arithmetic, as the emulator has them."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stampmill.core.backends.asic.tuning.point import (
    CLOCK_STEP,
    FINE_CLOCK_STEP,
    Bounds,
    Goal,
    Point,
    Wanted,
)
from stampmill.core.backends.asic.tuning.result import Result, Verdict
from stampmill.core.backends.asic.tuning.tuner import Pace, Tuner
from stampmill.core.backends.base import BackendError
from stampmill.core.errors import UsageError
from tests.core.backends.asic.tuning.fake import BOUNDS, CLOCK_ONLY, FakeBoard, Silicon

PACE = Pace(look=5.0, precision=0.05)
RATE_TOLERANCE = 0.015
"""One fine step of the clock, and the errors that are allowed."""
JOULES_TOLERANCE = 0.02


def tuned(
    board: FakeBoard, wanted: Wanted | None = None, bounds: Bounds = BOUNDS, pace: Pace = PACE
) -> tuple[Result, Tuner]:
    tuner = Tuner(board, bounds, wanted or Wanted(), pace, sleep=board.sleep, clock=board.clock)
    return asyncio.run(tuner.run()), tuner


def points(bounds: Bounds) -> Iterator[Point]:
    """Yield every setting, in steps smaller than the search's."""
    low, high = bounds.volts or (1.15, 1.15)
    for volts in range(round(low * 1000), round(high * 1000) + 1, 3):
        for mhz in range(round(bounds.usual.mhz / 2), round(bounds.mhz[1]) + 1, 2):
            yield Point(float(mhz), volts / 1000)


def allowed(silicon: Silicon, wanted: Wanted, point: Point) -> bool:
    return (
        silicon.errors(point) <= wanted.max_error_ratio
        and silicon.celsius(point) <= wanted.max_celsius
        and silicon.watts(point) <= (wanted.max_watts or 1e9)
    )


def best_rate(silicon: Silicon, wanted: Wanted, bounds: Bounds) -> float:
    return max(silicon.rate(p) for p in points(bounds) if allowed(silicon, wanted, p))


def fewest_joules(silicon: Silicon, wanted: Wanted, bounds: Bounds) -> float:
    return min(
        silicon.watts(p) / silicon.rate(p) * 1e12
        for p in points(bounds)
        if allowed(silicon, wanted, p)
    )


@pytest.mark.parametrize(
    ("quality", "wanted"),
    [
        (1.0, Wanted()),
        (0.9, Wanted()),
        (0.8, Wanted()),
        (1.1, Wanted()),
        (1.0, Wanted(max_watts=18.0)),
        (1.0, Wanted(max_celsius=60.0)),
    ],
)
def test_it_finds_the_fastest_setting_that_is_allowed(quality: float, wanted: Wanted) -> None:
    silicon = Silicon(quality)
    found, _ = tuned(FakeBoard(silicon), wanted)
    assert found.measured is not None
    best = best_rate(silicon, wanted, BOUNDS)
    assert best * (1 - RATE_TOLERANCE) <= silicon.rate(found.point) <= best * 1.003


@pytest.mark.parametrize("quality", [0.85, 0.95, 1.0, 1.1])
def test_it_finds_the_setting_of_the_fewest_joules(quality: float) -> None:
    silicon, wanted = Silicon(quality), Wanted(Goal.EFFICIENCY)
    found, _ = tuned(FakeBoard(silicon), wanted)
    assert found.measured is not None
    joules = silicon.watts(found.point) / silicon.rate(found.point) * 1e12
    assert joules <= fewest_joules(silicon, wanted, BOUNDS) * (1 + JOULES_TOLERANCE)


def test_without_a_voltage_to_set_it_finds_the_highest_good_clock() -> None:
    silicon = Silicon()
    found, _ = tuned(FakeBoard(silicon, Point(525.0), sensors=False), bounds=CLOCK_ONLY)
    limit = max(m for m in range(500, 700) if silicon.errors(Point(float(m))) <= 0.01)
    assert limit - FINE_CLOCK_STEP - 1 <= found.point.mhz <= limit + 1


def test_efficiency_of_a_board_that_does_not_tell_its_power_is_refused() -> None:
    board = FakeBoard(Silicon(), Point(525.0), sensors=False)
    with pytest.raises(UsageError, match="power"):
        tuned(board, Wanted(Goal.EFFICIENCY), CLOCK_ONLY)


def test_a_board_with_a_weak_fan_stays_within_its_temperature() -> None:
    board = FakeBoard(Silicon(cooling=75.0))
    found, tuner = tuned(board)
    assert found.is_good
    # What it passes the limit by is what warms between two looks.
    assert board.hottest < 75.0
    assert Verdict.HOT in {result.verdict for result in tuner.search.results}


def test_a_board_that_is_never_good_is_said_to_be() -> None:
    with pytest.raises(BackendError, match="no setting is good: too many errors"):
        tuned(FakeBoard(Silicon(quality=0.2)))


def test_a_setting_that_the_board_does_not_come_up_at_is_only_a_bad_one() -> None:
    silicon = Silicon()
    board = FakeBoard(silicon, fails=lambda point: (point.volts or 0) < 1.1)
    found, _ = tuned(board, Wanted(Goal.EFFICIENCY))
    assert found.is_good
    assert (found.point.volts or 0) >= 1.1


silicons = st.builds(Silicon, st.floats(0.6, 1.3), st.floats(60, 100))
wishes = st.builds(
    Wanted,
    st.sampled_from(Goal),
    st.floats(0.005, 0.05),
    st.floats(50, 79),
    st.none() | st.floats(12, 30),
)


@settings(max_examples=60, deadline=None)
@given(silicons, wishes, st.integers(0, 99))
def test_whatever_the_board_it_is_never_asked_for_more_than_its_limits(
    silicon: Silicon, wanted: Wanted, seed: int
) -> None:
    board = FakeBoard(silicon, seed=seed)
    try:
        found, tuner = tuned(board, wanted, pace=Pace(look=20.0, precision=1.0, longest=40.0))
    except BackendError:
        pass
    else:
        assert found.is_good
        assert board.at == found.point
        assert found.point in {one.point for one in tuner.search.results if one.is_good}
    assert all(BOUNDS.allow(point) for point in board.asked)
    climbs = [after.mhz - before.mhz for before, after in pairwise([BOUNDS.usual, *board.asked])
              if after.volts == before.volts]  # fmt: skip
    assert max(climbs, default=0.0) <= CLOCK_STEP + 1e-9


@settings(max_examples=60, deadline=None)
@example(Silicon(0.73046875, 93.5), 145, BOUNDS)
@given(silicons, st.integers(1, 300), st.sampled_from([BOUNDS, CLOCK_ONLY]))
def test_interrupted_it_leaves_the_board_at_a_good_setting_or_to_be_made_cold(
    silicon: Silicon, looks: int, bounds: Bounds
) -> None:
    board = FakeBoard(silicon, bounds.usual)
    left = looks

    async def sleep(seconds: float) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise asyncio.CancelledError
        await board.sleep(seconds)

    tuner = Tuner(board, bounds, Wanted(), PACE, sleep=sleep, clock=board.clock)
    with suppress(asyncio.CancelledError, BackendError):
        asyncio.run(tuner.run())
    good = {one.point for one in tuner.search.results if one.is_good}
    other_voltage = good and board.at.volts not in {point.volts for point in good}
    assert board.at in good or not good or other_voltage
