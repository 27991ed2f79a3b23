"""What can be set on a board, how far, and what is wanted of it."""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.board.base import Limits
from stampmill.core.errors import UsageError

CLOCK_STEP, FINE_CLOCK_STEP = 25.0, 6.25
"""MHz: four steps of a ramp at a time on the way, one at the end."""

VOLT_STEPS = (0.025, 0.01, 0.005)
"""Volts: first the largest as far as it gets better, then the smaller ones around the best."""

_LOWEST = 0.5
"""Of the usual clock: what is less than half as fast is not looked at."""


class Goal(Enum):
    """What the best setting is."""

    RATE = "rate"
    EFFICIENCY = "efficiency"
    """The fewest joules a hash."""


@dataclass(frozen=True, slots=True)
class Point:
    """A setting: MHz of the hash clock, volts at the core; None: not ours to set."""

    mhz: float
    volts: float | None = None

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.mhz:g} MHz" + ("" if self.volts is None else f" at {self.volts:.4g} V")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a board may be set, and what is usual for it. `volts` None: they are fixed."""

    usual: Point
    mhz: tuple[float, float]
    volts: tuple[float, float] | None = None

    @classmethod
    def of(cls, limits: Limits) -> "Bounds":
        """Return the bounds of a board with these limits."""
        return cls(Point(limits.usual_mhz, limits.usual_volts), limits.mhz, limits.volts)

    def allow(self, point: Point) -> bool:
        """Tell whether a point is within."""
        return self.mhz[0] <= point.mhz <= self.mhz[1] and _within(point.volts, self.volts)

    def clamped_mhz(self, mhz: float) -> float:
        """Return the nearest clock that is worth trying."""
        low = min(max(self.mhz[0], _LOWEST * self.usual.mhz), self.usual.mhz)
        return min(max(mhz, low), self.mhz[1])

    def clamped_volts(self, volts: float) -> float:
        """Return the nearest voltage that is allowed."""
        low, high = self.volts or (volts, volts)
        return round(min(max(volts, low), high), 6)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The goal, and what must not be passed on the way to it; None: only the board's own rules."""

    goal: Goal = Goal.RATE
    max_error_ratio: float = 0.01
    """Of all replies. Boards in the field run below a few per cent."""
    max_celsius: float = 70.0
    """Ten degrees short of where a board is stopped."""
    max_watts: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.max_error_ratio < 1:
            raise UsageError(f"--max-errors {self.max_error_ratio:g}: more than 0, less than 1")


def _within(volts: float | None, limits: tuple[float, float] | None) -> bool:
    if volts is None or limits is None:
        return volts is None
    return limits[0] <= volts <= limits[1]
