"""What a kernel does while its core is its own: told by probes, never by the kernel's own figure.

A stretch of a round is undisturbed if the core was free right before it and right after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stampmill.bench.host.limits import Core
from stampmill.bench.host.sibling import least_alone
from stampmill.bench.meter import Stretch
from stampmill.bench.summary import Summary
from stampmill.bench.timing import Measurement

FEWEST = 3
"""So many rounds make a median that a target is judged by."""

_ENOUGH = 1 / 8
"""A round counts from this part of its stretches on: some 30 milliseconds."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A kernel's rounds by their undisturbed stretches.

    `shared` is by round: which part of it was disturbed, 0 to 1. `additions` are the probes'
    medians by round, of which a free core makes `least`. `seconds` and `cycles` are per hash, of
    the rounds that count.
    """

    least: float
    shared: Sequence[float]
    additions: Sequence[float]
    seconds: Sequence[float]
    cycles: Sequence[float]

    @property
    def rounds(self) -> int:
        """How many rounds count."""
        return len(self.cycles)

    @property
    def is_enough(self) -> bool:
        """Tell whether a target is to be judged by these rounds alone."""
        return self.rounds >= FEWEST

    @classmethod
    def of(cls, measured: Measurement, least: float | None) -> "Undisturbed | None":
        """Sort them by the additions that a free core makes; None where none was probed."""
        rounds = [sample.stretches for sample in measured.samples]
        if least is None or not all(rounds):
            return None
        own = [[one for one in stretches if one.additions >= least] for stretches in rounds]
        pairs = list(zip(own, rounds, strict=True))
        counted = [kept for kept, all_ in pairs if len(kept) >= _ENOUGH * len(all_)]
        return cls(
            least,
            shared=[1 - len(kept) / len(all_) for kept, all_ in pairs],
            additions=[Summary.of([one.additions for one in all_]).median for all_ in rounds],
            seconds=[_per_hash(kept, (one.cpu_seconds for one in kept)) for kept in counted],
            cycles=[_per_hash(kept, (one.cycles for one in kept)) for kept in counted],
        )


def least(measured: Sequence[Measurement], core: Core | None) -> float | None:
    """Return how many additions a cycle a free core makes; None where none was probed."""
    additions = [
        stretch.additions
        for one in measured
        for sample in one.samples
        for stretch in sample.stretches
    ]
    return least_alone(additions, core) if additions else None


def shared(found: Sequence[Undisturbed]) -> float:
    """Return which part of all rounds another thread shared the core, 0 to 1."""
    parts = [part for one in found for part in one.shared]
    return sum(parts) / len(parts) if parts else 0.0


def _per_hash(stretches: Sequence[Stretch], amounts: Iterable[float]) -> float:
    return sum(amounts) / sum(one.hashes for one in stretches)
