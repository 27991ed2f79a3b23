"""A rate measured by rare events, and how far it can be trusted."""

import math
from dataclasses import dataclass
from functools import lru_cache

from stampmill.core.board_report import MeasuredRate

_LOW, _HIGH = 0.025, 0.975
_Z = 1.959964  # of a normal distribution, for the same 95 %

_ENOUGH = 30.0
"""Events from which on the approximation of Wilson and Hilferty is within 0.1 %."""


@dataclass(slots=True)
class Weights:
    """Events of a Poisson process, each worth so many hashes: more while the ticket is harder."""

    total: float = 0.0
    squares: float = 0.0
    heaviest: float = 0.0

    def add(self, weight: float) -> None:
        """Take in one event."""
        self.total += weight
        self.squares += weight * weight
        self.heaviest = max(self.heaviest, weight)


def measured_rate(weights: Weights, seconds: float, next_weight: float = 0.0) -> MeasuredRate:
    """Return the rate of what came in a time; `next_weight` is what the next event will be worth.

    The limits are Garwood's where all events weigh the same, of which none may have come yet, and
    else those of Fay and Feuer (1997): a few heavy events among many light ones tell little.
    """
    if seconds <= 0:
        return MeasuredRate(0.0, 0.0, 0.0)
    heaviest = max(weights.heaviest, next_weight)
    low = _limit(weights.total, weights.squares, _LOW)
    high = _limit(weights.total + heaviest, weights.squares + heaviest * heaviest, _HIGH)
    return MeasuredRate(weights.total / seconds, low / seconds, high / seconds)


def _limit(total: float, squares: float, probability: float) -> float:
    """Return the quantile of a gamma distribution with this mean and variance."""
    if total <= 0:
        return 0.0
    scale = squares / total
    return gamma_quantile(total / scale, probability) * scale


def gamma_quantile(shape: float, probability: float) -> float:
    """Return what a gamma distribution of scale 1 stays below with 2.5 % or 97.5 %."""
    if shape < _ENOUGH:
        return _exact_quantile(round(shape, 9), probability)
    z = _Z if probability > 0.5 else -_Z
    return float(shape * (1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3)


@lru_cache(maxsize=1024)
def _exact_quantile(shape: float, probability: float) -> float:
    low, high = 0.0, shape + 10 * math.sqrt(shape) + 10
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        if _below(shape, middle) < probability:
            low = middle
        else:
            high = middle
    return high


def _below(shape: float, value: float) -> float:
    """Return the regularised incomplete gamma function, by its power series."""
    term = total = 1 / shape
    n = shape
    while term > total * 1e-12:
        n += 1
        term *= value / n
        total += term
    return total * math.exp(shape * math.log(value) - value - math.lgamma(shape))
