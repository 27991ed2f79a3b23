"""Rounds of a kernel whose core was probed."""

from stampmill.bench.candidates.contest import Contestant
from stampmill.bench.candidates.referee import Candidate
from stampmill.bench.candidates.spec import Kind, Spec
from stampmill.bench.meter import Sample, Stretch
from stampmill.bench.timing import Entry, Measurement

HASHES = 1000
FREE, SHARED = 4.6, 2.5


def sample(*stretches):
    """Make a round of equal stretches, told by their cycles per hash and by the probe."""
    parts = tuple(
        Stretch(HASHES, 1e-9 * cycles * HASHES, cycles * HASHES, additions)
        for cycles, additions in stretches
    )
    seconds = sum(part.cpu_seconds for part in parts)
    return Sample(seconds, seconds, sum(part.cycles for part in parts), stretches=parts)


def contestant(name, samples, lanes=16):
    candidate = Candidate(
        Spec(Kind.INSTALLED, name), name, f"the {name} one", lanes, 1, False, False, (1,),
        (2 * HASHES,), {},
    )  # fmt: skip
    return Contestant(candidate, Measurement(Entry(candidate), 2 * HASHES, samples))
