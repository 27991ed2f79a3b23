"""Which settings to try, one after the other: no I/O, no time.

At one voltage a board does best at the highest clock that is still good: faster is more hashes,
and fewer joules each, since part of its power is spent whatever the clock. So each voltage is
searched for that clock, upwards in small steps and from the good side, and voltages are gone
through as long as that gets better.
"""

from collections.abc import Generator, Sequence

from stampmill.core.backends.asic.tuning.point import (
    CLOCK_STEP,
    FINE_CLOCK_STEP,
    VOLT_STEPS,
    Bounds,
    Goal,
    Point,
)
from stampmill.core.backends.asic.tuning.result import Result

_BETTER = 0.003
"""By so much a voltage has to be better than its neighbour: less is noise."""

Trials = Generator[Point, Result, Result | None]
"""Yields settings to try, is sent what they came to, returns the best."""


class Search:
    """Ask `next_point`, try it, and `tell` the result, until there is none."""

    def __init__(self, bounds: Bounds, goal: Goal) -> None:
        self.results: list[Result] = []
        self._goal = goal
        self._bounds = bounds
        self._known: dict[Point, Result] = {}
        self._trials = self._voltages()
        self._next: Point | None = next(self._trials)

    @property
    def next_point(self) -> Point | None:
        """What to try now; None: the search is over."""
        return self._next

    def tell(self, result: Result) -> None:
        """Take in what the setting came to that was tried."""
        self.results.append(result)
        self._known[result.point] = result
        try:
            self._next = self._trials.send(result)
        except StopIteration:
            self._next = None

    def ranking(self) -> Sequence[Result]:
        """Return the good settings, best first; of equals the one of the lower voltage."""
        good = [result for result in self._known.values() if result.is_good]
        return sorted(good, key=lambda one: (-one.score(self._goal), one.point.volts or 0.0))

    def _voltages(self) -> Trials:
        usual, bounds = self._bounds.usual, self._bounds
        best = yield from self._clocks(usual.volts, bounds.clamped_mhz(usual.mhz))
        if usual.volts is None or bounds.volts is None:
            return best
        for step in VOLT_STEPS:
            # An unusual voltage is first looked for on the side that the goal usually lies.
            signs = (1, -1) if self._goal is Goal.RATE else (-1, 1)
            for sign in signs:
                moved = yield from self._walk(best, sign * step)
                if moved is not best:
                    best = moved
                    break
        return best

    def _walk(self, best: Result | None, step: float) -> Trials:
        """Go on from the best voltage in steps while that gets better."""
        at = best.point if best else self._bounds.usual
        volts, mhz = at.volts or 0.0, at.mhz
        while True:
            further = self._bounds.clamped_volts(volts + step)
            if abs(further - volts) < VOLT_STEPS[-1] / 2:
                return best
            found = yield from self._clocks(further, mhz)
            if found is None or not self._is_better(found, best):
                return best
            best, volts, mhz = found, further, found.point.mhz

    def _is_better(self, found: Result, best: Result | None) -> bool:
        if best is None:
            return True
        old, new = best.score(self._goal), found.score(self._goal)
        return new - old > _BETTER * abs(old)

    def _clocks(self, volts: float | None, start_mhz: float) -> Trials:
        """Find the highest good clock at a voltage."""
        good: Result | None = None
        bad_mhz: float | None = None
        mhz = self._bounds.clamped_mhz(start_mhz)
        while good is None or bad_mhz is None:
            result = yield from self._at(Point(mhz, volts))
            if result.is_good:
                good, step = result, CLOCK_STEP
            else:
                bad_mhz, step = mhz, -CLOCK_STEP
            further = self._bounds.clamped_mhz(mhz + step)
            if further == mhz:
                return good
            mhz = further
        return (yield from self._between(good, bad_mhz))

    def _between(self, good: Result, bad_mhz: float) -> Trials:
        """Go up from the good side in the smallest steps."""
        while bad_mhz - good.point.mhz > FINE_CLOCK_STEP:
            steps = (bad_mhz - good.point.mhz) / FINE_CLOCK_STEP
            mhz = good.point.mhz + max(int(steps / 2), 1) * FINE_CLOCK_STEP
            result = yield from self._at(Point(mhz, good.point.volts))
            if result.is_good:
                good = result
            else:
                bad_mhz = mhz
        return good

    def _at(self, point: Point) -> Generator[Point, Result, Result]:
        """Try a point, unless that was done."""
        known = self._known.get(point)
        if known is not None:
            return known
        return (yield point)
