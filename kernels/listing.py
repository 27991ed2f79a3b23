"""Listings: operations in the order in which a kernel does them.

An order decides how many values are alive at once, and what a CPU finds to do while a chain of
operations waits for itself. Chains that are independent of each other, as the first hash of one
batch of nonces and the second hash of the batch before, are woven into one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.graph import Node, Op, Scope
from stampmill.kernels.search import Search

Chain = list[Node]


@dataclass(frozen=True, slots=True)
class Weave:
    """How two chains become one listing; what a search for the fastest order varies."""

    grain: int = 8
    """Operations of a chain in a row; 0: the second chain first, then the other."""

    phase: int = 0
    """Operations of the second chain that come before all others."""

    lead: int = 0
    """Rounds by which the second hash's schedule is ahead; 45: all of it comes first."""


def chain(outputs: Iterable[Node], known: Iterable[Node] = ()) -> Chain:
    """Return the operations that make the outputs, one output after the other.

    Each operation comes just before it is first used, so that few values are alive at once. What
    is known already is not made again.
    """
    given = set(known)
    done: dict[Node, None] = {}
    pending = [(node, False) for node in reversed(list(outputs))]
    while pending:
        node, ready = pending.pop()
        if node in done or node in given or node.scope < Scope.LANE or node.op is Op.INPUT:
            continue
        if ready:
            done[node] = None
        else:
            pending.append((node, True))
            pending += [(x, False) for x in reversed(node.operands)]
    return list(done)


def pipelined(search: Search, weave: Weave) -> Chain:
    """Return the first hash of one batch and the second hash of another, interleaved."""
    if weave.lead < 0:
        raise GeneratorError(f"lead is 0 or more, not {weave.lead}")
    first = chain([*search.first, *search.digest])
    return woven(first, chain([*_second(search, weave.lead), search.clear]), weave)


def _second(search: Search, lead: int) -> Iterator[Node]:
    """Order the second hash's rounds and schedule; two nodes are a round, the schedule has 45."""
    begun = 2 * (16 - lead)
    yield from search.second[: max(begun, 0)]
    for i, word in enumerate(search.digest_schedule):
        yield word
        yield from search.second[max(begun + 2 * i, 0) : max(begun + 2 * i + 2, 0)]
    yield from search.second


def woven(first: Sequence[Node], second: Sequence[Node], weave: Weave) -> Chain:
    """Return two chains as one; both keep their order, and end together.

    Raise GeneratorError for a negative grain, or a phase beyond the second chain.
    """
    if weave.grain < 0:
        raise GeneratorError(f"grain is 0 or more, not {weave.grain}")
    if not 0 <= weave.phase <= len(second):
        raise GeneratorError(f"phase is 0 .. {len(second)}, not {weave.phase}")
    if weave.grain == 0:
        return [*second, *first]
    begun, rest = list(second[: weave.phase]), list(second[weave.phase :])
    return begun + _merged(_cut(first, weave.grain), _cut(rest, weave.grain))


def _cut(nodes: Sequence[Node], grain: int) -> list[Sequence[Node]]:
    return [nodes[i : i + grain] for i in range(0, len(nodes), grain)]


def _merged(first: list[Sequence[Node]], second: list[Sequence[Node]]) -> Chain:
    """Deal the pieces evenly over the listing."""
    order = [((i + 0.5) / len(first), 1, piece) for i, piece in enumerate(first)]
    order += [((i + 0.5) / len(second), 0, piece) for i, piece in enumerate(second)]
    return [node for _, _, piece in sorted(order, key=lambda x: x[:2]) for node in piece]
