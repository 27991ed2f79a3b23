"""Takes a board that mines through the settings of a search, and leaves it at the best one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from stampmill.core.backends.asic.backend.judge import Worth
from stampmill.core.backends.asic.backend.rates import Weights, measured_rate
from stampmill.core.backends.asic.tuning.point import Bounds, Goal, Point, Wanted
from stampmill.core.backends.asic.tuning.result import Measured, Result, Verdict
from stampmill.core.backends.asic.tuning.search import Search
from stampmill.core.backends.base import BackendError, Telemetry
from stampmill.core.board_report import BoardReport
from stampmill.core.errors import StampmillError, UsageError

Sleep = Callable[[float], Awaitable[None]]

_ERROR = Worth.HARDWARE_ERROR.value
_CONFIRMATIONS = 3
"""So many of the best settings are tried again at the end, if need be."""


class Tunable(Protocol):
    """A board that mines; AsicBackend is one."""

    def telemetry(self) -> Telemetry:
        """Return the counters, with a report of the board."""

    async def retune(self, mhz: float, volts: float | None = None) -> None:
        """Bring the board to another setting; raise what keeps it from that."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a setting is looked at, in seconds.

    It gets `settle` to become warm, and as much again as it needs until it warms by less than
    `drift` degrees in that time. Then it is measured until all is sure: the rate within
    `precision`, the error ratio above or below its limit; `longest` at the most.
    """

    settle: float = 20.0
    drift: float = 1.0
    most_settles: int = 6
    look: float = 2.0
    longest: float = 180.0
    precision: float = 0.03
    budget: float | None = None
    """After so long no further setting is tried; None: the search ends by itself."""


class Tuner:
    """Tunes one board. `progress` hears of each result."""

    def __init__(
        self,
        board: Tunable,
        bounds: Bounds,
        wanted: Wanted,
        pace: Pace | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] | None = None,
        progress: Callable[[Result], None] = lambda _result: None,
    ) -> None:
        self.search = Search(bounds, wanted.goal)
        self._board = board
        self._bounds = bounds
        self._wanted = wanted
        self._pace = pace or Pace()
        self._sleep = sleep
        self._clock = clock or asyncio.get_running_loop().time
        self._progress = progress
        self._at: Point | None = None
        self._last_good: Point | None = None

    async def run(self) -> Result:
        """Search, and return the best setting, at which the board then is, measured once more.

        Raise BackendError if there is no good one. Whatever ends it, the board is left at a setting
        that was good, as far as the clock alone leads to one: a change of voltage takes its power
        away, and then whoever closes the board leaves it cold.
        """
        try:
            begin, budget = self._clock(), self._pace.budget
            while (point := self.search.next_point) is not None:
                if budget is not None and self._clock() - begin > budget and self._last_good:
                    break
                self.search.tell(await self._try(point))
            return await self._confirm(self.search.ranking()[:_CONFIRMATIONS])
        except BaseException:
            await self._go_back()
            raise

    async def _confirm(self, ranking: Sequence[Result]) -> Result:
        """Go to the best setting that proves good a second time."""
        for best in ranking:
            again = await self._try(best.point)
            if again.is_good:
                return again
        raise BackendError(
            "no setting is good: " + (self.search.results[-1].verdict.value or "nothing was tried")
        )

    async def _go_back(self) -> None:
        """Undo a setting that is not known to be good."""
        at = self._at
        if at is None or at == self._last_good:
            return
        good = self._latest_good(at.volts)
        if good is None:
            return
        with suppress(StampmillError):
            await self._board.retune(good.mhz, good.volts)
            self._at = good

    def _latest_good(self, volts: float | None) -> Point | None:
        """Return the latest good setting at a voltage: only there does the clock alone lead."""
        if self._last_good is not None and self._last_good.volts == volts:
            return self._last_good
        tried = (one.point for one in reversed(self.search.results) if one.is_good)
        return next((point for point in tried if point.volts == volts), None)

    async def _try(self, point: Point) -> Result:
        assert self._bounds.allow(point)  # noqa: S101  the search keeps within
        self._at = point
        try:
            await self._board.retune(point.mhz, point.volts)
        except UsageError:
            raise
        except StampmillError as error:
            # The board is brought back to where it was.
            self._at = self._last_good
            result = Result(point, Verdict.FAULT, reason=str(error))
        else:
            result = await self._look_at(point)
        if result.is_good:
            self._last_good = point
        else:
            await self._go_back()
        self._progress(result)
        return result

    async def _look_at(self, point: Point) -> Result:
        before = self._report()
        measured = await self._settle(before)
        if measured is None:
            measured = await self._measure()
        verdict = measured.verdict(self._wanted)
        wants_power = self._wanted.goal is Goal.EFFICIENCY or self._wanted.max_watts is not None
        if wants_power and measured.watts is None and verdict is Verdict.GOOD:
            raise UsageError("this board does not tell what power it takes: tune it for its rate")
        return Result(point, verdict, measured)

    async def _settle(self, before: BoardReport) -> Measured | None:
        """Wait until it is warm; return what is bad about it already, or None."""
        last = before
        for _ in range(self._pace.most_settles):
            first, left = last, self._pace.settle
            while left > 0:
                await self._sleep(min(self._pace.look, left))
                left -= self._pace.look
                now = self._report()
                measured = _between(before, now, 0.0)
                # What was too hot at the setting before needs time to cool.
                cools = _warming(last, now) < 0
                last = now
                verdict = measured.verdict(self._wanted)
                if verdict in _URGENT and not (cools and verdict in _OF_WARMTH):
                    return measured
            if abs(_warming(first, last)) < self._pace.drift:
                break
        return None

    async def _measure(self) -> Measured:
        """Count nonces until the verdict is sure, or time is up."""
        before, begin = self._report(), self._clock()
        while True:
            await self._sleep(self._pace.look)
            measured = _between(before, self._report(), self._clock() - begin)
            verdict = measured.verdict(self._wanted)
            is_late = measured.seconds >= self._pace.longest
            if verdict in _URGENT or is_late:
                break
            if verdict is not Verdict.UNSURE and self._is_precise(measured):
                break
        return measured

    def _is_precise(self, measured: Measured) -> bool:
        rate = measured.rate
        return rate.high - rate.low <= 2 * self._pace.precision * rate.rate

    def _report(self) -> BoardReport:
        report = self._board.telemetry().board
        if report is None:
            raise BackendError("the board tells nothing of itself")
        return report


_URGENT = {Verdict.HOT, Verdict.POWER, Verdict.FAULT, Verdict.ERRORS}
_OF_WARMTH = {Verdict.HOT, Verdict.ERRORS}


def _between(before: BoardReport, now: BoardReport, seconds: float) -> Measured:
    """Return what the board did from one report to another."""
    nonces = _nonces(now) - _nonces(before)
    # The ticket stays what it is while a board is tuned, so every nonce is worth the same.
    each = now.ticket_difficulty * 2.0**32
    weights = Weights(nonces * each, nonces * each * each, each)
    return Measured(
        expected=now.expected,
        rate=measured_rate(weights, seconds, each),
        nonces=nonces,
        errors=_errors(now) - _errors(before),
        seconds=seconds,
        celsius=_celsius(now),
        watts=_watts(now),
        disturbed=_recoveries(now) != _recoveries(before) or not now.working,
    )


def _nonces(report: BoardReport) -> int:
    return sum(chip.nonces for chip in report.chips)


def _errors(report: BoardReport) -> int:
    return sum(dict(chip.counts).get(_ERROR, 0) for chip in report.chips)


def _recoveries(report: BoardReport) -> int:
    return dict(report.line).get("recoveries", 0)


def _celsius(report: BoardReport) -> float | None:
    return max((one.celsius for one in report.temperatures), default=None)


def _warming(before: BoardReport, now: BoardReport) -> float:
    return (_celsius(now) or 0.0) - (_celsius(before) or 0.0)


def _watts(report: BoardReport) -> float | None:
    watts = [reading.value for reading in report.readings if reading.unit == "watts"]
    return sum(watts) if watts else None
