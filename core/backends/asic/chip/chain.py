"""Arithmetic of a chain: addresses, how long a sweep may take, how long a job lasts."""

from dataclasses import dataclass

from stampmill.core.backends.asic.chip.pll import CRYSTAL_MHZ, Pll
from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.scan import NONCE_SPACE

MAX_CHIPS = 128
"""Addresses are even, for nonces carry only their seven upper bits."""

# Hardware sweeps about 136 crystal ticks longer than it is told to (ESP-Miner pull request 167).
# mujina allows 200: what a sweep leaves out costs no rate, what it takes too much is hashed twice.
_SWEEP_GUARD = 200


@dataclass(frozen=True, slots=True)
class Chain:
    """Chips of one kind behind each other. `domain`: how many share a voltage, 0: not known."""

    chip: Chip
    chips: int
    domain: int = 0

    @property
    def step(self) -> int:
        """From one address to the next: as far as the next power of two of chips allows."""
        return 256 // _power_of_two(self.chips)

    @property
    def addresses(self) -> tuple[int, ...]:
        """Of each chip, nearest to the host first."""
        return tuple(index * self.step for index in range(self.chips))

    @property
    def domain_ends(self) -> tuple[tuple[int, int], ...]:
        """The addresses of the first and last chip of each voltage domain, nearest first."""
        if not self.domain:
            return ()
        addresses = self.addresses
        return tuple(
            (addresses[first], addresses[min(first + self.domain, self.chips) - 1])
            for first in range(0, self.chips, self.domain)
        )

    def sweep_length(self, pll: Pll) -> int:
        """Return what to write to register 0x10: one chip's part of a core's nonces, no more."""
        part = NONCE_SPACE // _power_of_two(self.chip.cores) // _power_of_two(self.chips)
        full = part * pll.reference * pll.post1 * pll.post2 // (2 * pll.feedback)
        return max(full - _SWEEP_GUARD, full // 2, 1)

    def job_seconds(self, pll: Pll, versions: int) -> float:
        """Return how long a job gives all chips something new, by the most careful figure.

        Sources disagree by a factor of two; hardware logs speak for the longer time.
        """
        if not self.chip.rolls_versions:
            return _midstate_seconds(self.chip, self.chips, pll)
        batches = max(versions // self.chip.sub_cores, 1)
        return batches * self.sweep_length(pll) / (CRYSTAL_MHZ * 1e6)


def _midstate_seconds(chip: Chip, chips: int, pll: Pll) -> float:
    """Return the time in which a core goes through its nonces, one in each clock.

    Cores take the part of the nonce space that the next power of two leaves them.
    """
    part = NONCE_SPACE // _power_of_two(chip.cores) // _power_of_two(chips)
    return part / (pll.mhz * 1e6)


def _power_of_two(count: int) -> int:
    """Return the count, rounded up to a power of two."""
    return 1 << (count - 1).bit_length()
