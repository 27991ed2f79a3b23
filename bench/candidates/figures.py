"""What follows from a kernel's rounds, for the table and the record alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from stampmill.bench.candidates import undisturbed
from stampmill.bench.candidates.contest import Comparison, Contestant, Peer
from stampmill.bench.candidates.undisturbed import Undisturbed
from stampmill.bench.host import limits
from stampmill.bench.host.limits import Limit
from stampmill.bench.summary import Ratio, Summary


@dataclass(frozen=True, slots=True)
class Figures:
    """A kernel's medians per hash, what is known of its limit, and its ratio to the first."""

    name: str
    seconds: Summary
    cycles: float | None
    instructions: float | None
    exact: float | None
    limit: Limit | None
    ratio: Ratio
    """How many times as fast as the first it is."""
    undisturbed: Undisturbed | None
    """What it did while its core was its own; None where that is not known."""

    @classmethod
    def of(cls, one: Contestant, first: Contestant, least: float | None = None) -> "Figures":
        """Work them out; `least` is how many additions a cycle a free core makes."""
        measured = one.measurement
        seconds = measured.seconds_per_hash()
        by_clock = one.candidate.by_clock or first.candidate.by_clock
        return cls(
            measured.case.name,
            Summary.of(seconds),
            median(measured.cycles_per_hash()),
            median(measured.instructions_per_hash()),
            one.exact[0] if one.exact else None,
            _limit(one),
            Ratio.of(_seconds(first, by_clock=by_clock), _seconds(one, by_clock=by_clock)),
            Undisturbed.of(measured, least),
        )

    @property
    def share_of_limit(self) -> float | None:
        """How much of what the ports allow was reached: 1 is all."""
        return self._share(self.cycles)

    @property
    def own_cycles(self) -> float | None:
        """The median of cycles per hash while the core was its own, if that is known."""
        return median(self.undisturbed.cycles) if self.undisturbed else None

    @property
    def own_share_of_limit(self) -> float | None:
        """How much of what the ports allow was reached while the core was its own."""
        return self._share(self.own_cycles)

    def _share(self, cycles: float | None) -> float | None:
        return self.limit.cycles / cycles if self.limit and self.limit.cycles and cycles else None


def figures_of(comparison: Comparison) -> list[Figures]:
    """Return the figures of all contestants, in their order."""
    first = comparison.contestants[0]
    least = undisturbed.least(comparison.measurements, limits.this_core())
    return [Figures.of(one, first, least) for one in comparison.contestants]


def ratio_of_peer(peer: Peer, first: Contestant) -> Ratio:
    """Return how many times as fast as the first a peer is, both by the clock."""
    return Ratio.of(first.measurement.clock_seconds_per_hash(), peer.seconds_per_hash())


def median(values: Sequence[float] | None) -> float | None:
    """Return the middle, or None of nothing."""
    return Summary.of(values).median if values else None


def _seconds(one: Contestant, *, by_clock: bool) -> list[float]:
    """Return what is compared: two of which one has only the clock are both told by it."""
    measured = one.measurement
    return measured.clock_seconds_per_hash() if by_clock else measured.seconds_per_hash()


def _limit(one: Contestant) -> Limit | None:
    """Return what is known: of a foreign kernel nothing, whatever it calls itself."""
    candidate, versions = one.candidate, one.measurement.case.versions
    if not candidate.spec.is_ours:
        return None
    return limits.limit(candidate.name, candidate.lanes, versions, limits.this_core())
