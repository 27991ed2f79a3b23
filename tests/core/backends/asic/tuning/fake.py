"""A board of arithmetic: the emulator's silicon and power, without a line, at once."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from stampmill.core.backends.asic.tuning.point import Bounds, Point
from stampmill.core.backends.base import BackendError, Telemetry
from stampmill.core.board_report import (
    BoardReading,
    BoardReport,
    BoardTemperature,
    ChipReport,
    MeasuredRate,
)
from stampmill.core.emulator.chips.silicon import Conditions, error_ratio
from stampmill.core.emulator.peripherals.heat import Heat

USUAL = Point(525.0, 1.15)
BOUNDS = Bounds(USUAL, (50.0, 625.0), (1.0, 1.25))
CLOCK_ONLY = Bounds(Point(525.0), (50.0, 700.0))

_RATE = 1.07e12
_EACH = 2.0**32
_LIMIT_CELSIUS = 80.0


class Silicon:
    """What a board of one chip does at a point, once it is warm."""

    def __init__(self, quality: float = 1.0, cooling: float = 100.0) -> None:
        self.quality = quality
        self.cooling = cooling

    def rate(self, point: Point) -> float:
        return _RATE * point.mhz / USUAL.mhz

    def watts(self, point: Point) -> float:
        """As EmulatedPower has it."""
        volts = (point.volts or 1.15) / 1.15
        return (10.0 + 9.0 * point.mhz / USUAL.mhz) * volts**2

    def celsius(self, point: Point) -> float:
        return Heat(0.0, watts=self.watts(point), fan_percent=self.cooling).settled

    def errors(self, point: Point) -> float:
        volts = (point.volts or 1.15) / 1.15
        conditions = Conditions(volts, self.celsius(point))
        return error_ratio(point.mhz / self.quality, USUAL.mhz, conditions)


class FakeBoard:
    """Implements Tunable. `asked` is every point it was set to, from the first on."""

    def __init__(
        self,
        silicon: Silicon,
        start: Point = USUAL,
        *,
        seed: int = 1,
        sensors: bool = True,
        fails: Callable[[Point], bool] = lambda _point: False,
    ) -> None:
        self.now = 0.0
        self.asked: list[Point] = []
        self.at = start
        self.hottest = 0.0
        self.cold = False
        self._silicon = silicon
        self._sensors = sensors
        self._fails = fails
        self._random = Random(seed)
        self._heat = Heat(0.0, fan_percent=silicon.cooling)
        self._nonces = self._wrong = self._recoveries = 0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Mine for so long."""
        self.now += seconds
        self._heat.watts = self._silicon.watts(self.at)
        self.hottest = max(self.hottest, self._heat.advance(self.now))
        if self._heat.celsius >= _LIMIT_CELSIUS:  # what a guardian does
            self._recoveries += 1
        found = self._poisson(self._silicon.rate(self.at) / _EACH * seconds)
        wrong = min(self._poisson(found * self._silicon.errors(self.at)), found)
        self._wrong += wrong
        self._nonces += found - wrong

    async def retune(self, mhz: float, volts: float | None = None) -> None:
        point = Point(mhz, volts)
        self.asked.append(point)
        if self._fails(point):
            raise BackendError("no chip answers")
        self.at = replace(self.at, mhz=mhz, volts=volts)

    def telemetry(self) -> Telemetry:
        chip = ChipReport(
            0, 0.0, MeasuredRate(0, 0, 0), self._nonces, (("hardware error", self._wrong),)
        )
        watts = (BoardReading("watts", "core", self._silicon.watts(self.at)),)
        report = BoardReport(
            "fake", "fake", "1", working=True, mhz=self.at.mhz, ticket_difficulty=1.0,
            expected=self._silicon.rate(self.at), measured=MeasuredRate(0, 0, 0), chips=(chip,),
            temperatures=(BoardTemperature("chip", self._heat.celsius),) if self._sensors else (),
            line=(("recoveries", self._recoveries),), readings=watts if self._sensors else (),
        )  # fmt: skip
        return Telemetry({"fake": self._nonces << 32}, board=report)

    def _poisson(self, mean: float) -> int:
        if mean > 100:
            return round(self._random.gauss(mean, mean**0.5))
        count, at = -1, 0.0
        while at < mean:
            at += self._random.expovariate(1.0)
            count += 1
        return max(count, 0)
