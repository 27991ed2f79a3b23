"""What a row of measurements says: middle, spread, and the ratio of two rows with its interval."""

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Summary:
    """The usual statistics of a row of numbers, under the names that pytest-benchmark gives them.

    `mad` is the median absolute deviation from the median, unscaled.
    """

    min: float
    max: float
    mean: float
    stddev: float
    median: float
    mad: float
    q1: float
    q3: float
    rounds: int

    @classmethod
    def of(cls, data: Sequence[float]) -> "Summary":
        """Summarise at least one number."""
        median = statistics.median(data)
        q1, q3 = _quartiles(data)
        return cls(
            min=min(data),
            max=max(data),
            mean=statistics.fmean(data),
            stddev=statistics.stdev(data) if len(data) > 1 else 0.0,
            median=median,
            mad=statistics.median(abs(value - median) for value in data),
            q1=q1,
            q3=q3,
            rounds=len(data),
        )

    @property
    def iqr(self) -> float:
        """The distance between the quartiles."""
        return self.q3 - self.q1


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of a ratio and the bounds of its 95 % bootstrap interval."""

    median: float
    low: float
    high: float

    @property
    def is_decided(self) -> bool:
        """Tell whether the interval leaves out 1: otherwise the two may be equal."""
        return not self.low <= 1 <= self.high

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float]) -> "Ratio":
        """Compare two rows measured in the same rounds, pair by pair.

        What slows a whole round down (another process, a lower clock) cancels out in its pair.
        """
        pairs = [a / b for a, b in zip(above, below, strict=True)]
        low, high = _bootstrap(pairs)
        return cls(statistics.median(pairs), low, high)


def percentile(data: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile: the smallest value that so many percent do not exceed."""
    ordered = sorted(data)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank) - 1, 0)]


def histogram(data: Sequence[float]) -> tuple[list[float], list[int]]:
    """Return bounds, each a power of two of a microsecond, and how many values lie below each.

    A value counts for the first bound that it does not exceed, so that the counts add up.
    """
    exponents = [max(math.ceil(math.log2(max(value, 1e-9) * 1e6)), 0) for value in data]
    highest = max(exponents, default=0)
    bounds = [1e-6 * 2**exponent for exponent in range(highest + 1)]
    return bounds, [exponents.count(exponent) for exponent in range(highest + 1)]


def outliers(data: Sequence[float]) -> tuple[int, int]:
    """Count values beyond one standard deviation of the mean, and beyond Tukey's fences."""
    summary = Summary.of(data)
    fence = 1.5 * summary.iqr
    return (
        sum(abs(value - summary.mean) > summary.stddev for value in data),
        sum(value < summary.q1 - fence or value > summary.q3 + fence for value in data),
    )


def _quartiles(data: Sequence[float]) -> tuple[float, float]:
    if len(data) == 1:
        return data[0], data[0]
    q1, _, q3 = statistics.quantiles(data, n=4, method="inclusive")
    return q1, q3


def _bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """Bound the median by what it is in resamples; seeded, so that a row has one interval."""
    chance = random.Random(len(values))
    medians = [statistics.median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES)]
    tail = 100 * (1 - CONFIDENCE) / 2
    return percentile(medians, tail), percentile(medians, 100 - tail)
