"""How much one hash costs: the vector operations of a generated kernel."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.graph import Op, lanes, reach
from stampmill.kernels.lower import lowered
from stampmill.kernels.sets import instruction_set

MAX_VERSIONS = 16
"""The most midstates that share a schedule in one call (`SM_MAX_VERSIONS` of sha256d.h)."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The operations of one batch, a nonce for each lane, under one version."""

    lanes: int
    by_name: Mapping[str, float]  # "add", "rotr", ...; of the schedule only this version's part

    @property
    def per_batch(self) -> float:
        """All of them."""
        return sum(self.by_name.values())

    @property
    def per_hash(self) -> float:
        """All of them, for one lane."""
        return self.per_batch / self.lanes


def operations(kernel: str, versions: int = 1) -> Operations:
    """Return what a kernel does when so many versions share a schedule.

    Raise GeneratorError for a kernel that is not generated, and for versions out of 1 .. 16.
    """
    if not 1 <= versions <= MAX_VERSIONS:
        raise GeneratorError(f"versions is 1 .. {MAX_VERSIONS}, not {versions}")
    row = instruction_set(kernel)
    shared, own = _counts(row.has)
    ops = sorted(shared | own, key=lambda op: op.value)
    return Operations(row.lanes, {op.value: own[op] + shared[op] / versions for op in ops})


@cache
def _counts(has: frozenset[Op]) -> tuple[Counter[Op], Counter[Op]]:
    search = lowered(has)
    schedule, rest = reach(search.schedule), reach([*search.digest, search.clear])
    return Counter(x.op for x in lanes(schedule)), Counter(x.op for x in lanes(rest))
