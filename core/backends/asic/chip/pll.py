"""The hash clock: dividers, register word, and the steps from one frequency to another."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

CRYSTAL_MHZ = 25.0
RAMP_STEP_MHZ = 6.25
"""Every current driver goes up and down in such steps; larger ones brown the supply out."""

_FAST_VCO_MHZ = 2400.0


@dataclass(frozen=True, slots=True)
class PllLimits:
    """What a chip's PLL takes. `minus_one`: the post dividers are written less one."""

    feedback: range
    vco_mhz: tuple[float, float]
    minus_one: bool = True


@dataclass(frozen=True, slots=True)
class Pll:
    """One setting of the PLL."""

    feedback: int
    reference: int
    post1: int
    post2: int
    minus_one: bool = True

    @property
    def vco_mhz(self) -> float:
        """The oscillator's frequency, before the post dividers."""
        return CRYSTAL_MHZ * self.feedback / self.reference

    @property
    def mhz(self) -> float:
        """The frequency that comes out: one nonce a core in each cycle."""
        return self.vco_mhz / (self.post1 * self.post2)

    @property
    def word(self) -> int:
        """The value of register 0x08."""
        fast = self.minus_one and self.vco_mhz >= _FAST_VCO_MHZ
        less = int(self.minus_one)
        post = (self.post1 - less) << 4 | (self.post2 - less)
        return (0x50 if fast else 0x40) << 24 | self.feedback << 16 | self.reference << 8 | post


def pll_of_word(word: int, limits: PllLimits) -> Pll | None:
    """Return the setting that a register value stands for, or None if a divider is zero."""
    less = int(limits.minus_one)
    feedback, reference = word >> 16 & 0xFF, word >> 8 & 0xFF
    post1, post2 = (word >> 4 & 0x0F) + less, (word & 0x0F) + less
    if not (feedback and reference and post1 and post2):
        return None
    return Pll(feedback, reference, post1, post2, limits.minus_one)


@lru_cache(maxsize=256)
def pll_for(mhz: float, limits: PllLimits) -> Pll:
    """Return the setting nearest to a frequency; of equals the one of the slowest oscillator."""
    return min(_settings(mhz, limits), key=lambda pll: (abs(pll.mhz - mhz), *_cost(pll)))


def ramp(start_mhz: float, target_mhz: float) -> Iterator[float]:
    """Yield the frequencies from one to another, without the first and with the last."""
    step = RAMP_STEP_MHZ if target_mhz > start_mhz else -RAMP_STEP_MHZ
    mhz = start_mhz
    while abs(target_mhz - mhz) > RAMP_STEP_MHZ:
        mhz += step
        yield mhz
    if mhz != target_mhz:
        yield target_mhz


def _settings(mhz: float, limits: PllLimits) -> Iterator[Pll]:
    low, high = limits.vco_mhz
    for reference in (2, 1):
        for post1 in range(1, 8):
            for post2 in range(1, post1 + 1):
                for feedback in _nearest(mhz * reference * post1 * post2 / CRYSTAL_MHZ, limits):
                    pll = Pll(feedback, reference, post1, post2, limits.minus_one)
                    if low <= pll.vco_mhz <= high:
                        yield pll


def _nearest(feedback: float, limits: PllLimits) -> set[int]:
    """Return the allowed dividers around the wanted one."""
    first, last = limits.feedback[0], limits.feedback[-1]
    return {min(max(int(feedback) + more, first), last) for more in (0, 1)}


def _cost(pll: Pll) -> tuple[float, int, int]:
    return pll.vco_mhz, pll.post1 * pll.post2, pll.post2
