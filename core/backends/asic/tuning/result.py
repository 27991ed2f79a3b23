"""What a board did at one setting, and whether that is good."""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.backend.rates import gamma_quantile
from stampmill.core.backends.asic.tuning.point import Goal, Point, Wanted
from stampmill.core.board_report import MeasuredRate

_LOW, _HIGH = 0.025, 0.975
_SHORTFALL = 0.97
"""Of the expected rate: a board that surely does less has cores that stand still."""


class Verdict(Enum):
    """What is to be thought of a setting."""

    GOOD = "good"
    UNSURE = "not measured long enough"
    ERRORS = "too many errors"
    SLOW = "slower than it should be"
    HOT = "too hot"
    POWER = "too much power"
    FAULT = "the board gave up"


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a board in a time: `expected` is the rate that its clock promises."""

    expected: float
    rate: MeasuredRate
    nonces: int
    errors: int
    seconds: float
    celsius: float | None = None
    watts: float | None = None
    disturbed: bool = False
    """The board was brought back, or stopped, meanwhile."""

    @property
    def error_ratio(self) -> float:
        """Hardware errors among all replies."""
        return self.errors / max(self.errors + self.nonces, 1)

    @property
    def error_limits(self) -> tuple[float, float]:
        """Between these the true ratio is, with 95 % probability."""
        replies = self.errors + self.nonces
        if not replies:
            return 0.0, 1.0
        low = gamma_quantile(self.errors, _LOW) if self.errors else 0.0
        return low / replies, min(gamma_quantile(self.errors + 1, _HIGH) / replies, 1.0)

    @property
    def good_rate(self) -> float:
        """Hashes per second that are worth something.

        From the clock and the share of replies that are right, which is known far sooner than the
        rate itself; that the rate is not below it is a matter of the verdict.
        """
        return self.expected * (1 - self.error_ratio)

    @property
    def joules_per_terahash(self) -> float | None:
        """None: the board does not tell what it takes."""
        return None if self.watts is None else self.watts / self.good_rate * 1e12

    def verdict(self, wanted: Wanted) -> Verdict:
        """Judge it by what is wanted."""
        low, high = self.error_limits
        if self.disturbed:
            return Verdict.FAULT
        if self.celsius is not None and self.celsius > wanted.max_celsius:
            return Verdict.HOT
        if self.watts is not None and self.watts > (wanted.max_watts or self.watts):
            return Verdict.POWER
        if low > wanted.max_error_ratio:
            return Verdict.ERRORS
        if self.rate.high < _SHORTFALL * self.good_rate:
            return Verdict.SLOW
        return Verdict.GOOD if high <= wanted.max_error_ratio else Verdict.UNSURE


@dataclass(frozen=True, slots=True)
class Result:
    """A setting with what it came to."""

    point: Point
    verdict: Verdict
    measured: Measured | None = None
    """None: the board could not be set so."""
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """Tell whether the board may be left so."""
        return self.verdict is Verdict.GOOD

    def score(self, goal: Goal) -> float:
        """Return how good a good one is: more is better."""
        if self.measured is None:
            return float("-inf")
        if goal is Goal.RATE:
            return self.measured.good_rate
        joules = self.measured.joules_per_terahash
        return float("-inf") if joules is None else -joules
