"""Whether a board's nonces are as many as its hashes make, less those that are known to be lost."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

Z = 3.2905
"""Standard deviations: of 1,000 sound boards one is outside."""

_LOST = ("nonces_withheld", "nonces_damaged", "nonces_unheard")


@dataclass(frozen=True, slots=True)
class Balance:
    """Nonces of one board. `made` hashes were really made; `each` is what a nonce stands for.

    `lost` is how many nonces the emulator knows that the driver never got: kept back by a fault,
    damaged on the line, or sent while the port was closed. While a board is down it either makes no
    hashes or has its nonces counted here, so that down time is in the expectation.
    """

    made: float
    each: float
    nonces: int
    lost: int = 0

    @property
    def expected(self) -> float:
        """The mean of how many nonces the driver should have got."""
        return max(self.made / self.each - self.lost, 0.0)

    @property
    def margin(self) -> float:
        """By how many the count may differ by chance: found nonces are a Poisson process."""
        return Z * math.sqrt(max(self.made / self.each, 1.0))

    @property
    def deviation(self) -> float:
        """By how many standard deviations it differs."""
        return (self.nonces - self.expected) / self.margin * Z

    @property
    def is_even(self) -> bool:
        """Tell whether the count is within its interval."""
        return self.nonces > 0 and abs(self.nonces - self.expected) <= self.margin


def balance_of(emulated: Mapping[str, float], nonces: int, hashes: float) -> Balance:
    """Return the balance of a driver's good nonces, which stand for so many hashes together."""
    lost = sum(int(emulated.get(name, 0)) for name in _LOST)
    return Balance(emulated["hashes"], hashes / max(nonces, 1) or 1.0, nonces, lost)
