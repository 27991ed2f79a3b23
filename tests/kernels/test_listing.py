"""Listings: the order of a kernel's operations, and what it leaves as it was."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.evaluate import evaluate, header_inputs, last_word
from stampmill.kernels.graph import Node, Op, Scope, lanes, reach
from stampmill.kernels.listing import Weave, chain, pipelined, woven
from stampmill.kernels.lower import lowered
from stampmill.kernels.search import Search, build
from stampmill.kernels.sets import SETS, InstructionSet

SEARCH = build(separate=True)
WHOLE = list(lanes(reach([*SEARCH.digest, SEARCH.clear])))
weaves = st.builds(
    Weave, grain=st.integers(0, 99), phase=st.integers(0, 99), lead=st.integers(0, 60)
)


def slow(outputs: tuple[Node, ...]) -> list[Node]:
    """What a kernel's prologue does."""
    return [node for node in reach(outputs) if node.scope < Scope.LANE or node.op is Op.INPUT]


@given(weaves)
def test_any_weave_has_each_operation_once_and_behind_its_operands(weave: Weave) -> None:
    listing = pipelined(SEARCH, weave)
    assert sorted(listing, key=lambda node: node.serial) == WHOLE
    places = {node: i for i, node in enumerate(listing)}
    for node, place in places.items():
        assert all(places.get(x, -1) < place for x in node.operands)


@pytest.mark.parametrize("row", SETS, ids=lambda row: row.name)
def test_a_set_s_own_weave_computes_the_same_hash(row: InstructionSet) -> None:
    search, prefix, nonce = lowered(row.has), bytes(range(76)), 0xDEADBEEF
    inputs = header_inputs(prefix, nonce)
    schedule = evaluate([*slow(search.schedule), *chain(search.schedule)], inputs)
    inputs["kw"] = [schedule[node] for node in search.schedule]
    inputs["digest"] = [0] * 8
    # The first step's second hash is of nothing; the second step's is of what the first one left.
    listing = [*slow((*search.digest, search.clear)), *pipelined(search, row.weave)]
    first = evaluate(listing, {**inputs, "digest": [0] * 8})
    digest = [first[node] for node in search.digest]
    second = evaluate(listing, {**inputs, "digest": digest})
    assert second[search.last] == last_word(search, prefix, nonce)[0]


def test_chains_take_turns_after_the_phase() -> None:
    first, second = WHOLE[:40], WHOLE[40:60]
    listing = woven(first, second, Weave(grain=2, phase=4))
    assert listing[:4] == second[:4]
    assert [node for node in listing if node in first] == first
    assert [node for node in listing if node in second] == second
    runs = [1 for x, y in pairwise(listing[4:]) if (x in first) != (y in first)]
    assert len(runs) >= 15  # eight pieces of the second chain in the midst of the first


def test_without_a_grain_the_second_chain_is_first() -> None:
    assert woven(WHOLE[:3], WHOLE[3:5], Weave(grain=0)) == [*WHOLE[3:5], *WHOLE[:3]]


def most_alive(listing: Sequence[Node]) -> int:
    """How many values that the nonce changes are alive at once, at the most."""
    last_use = {x: i for i, node in enumerate(listing) for x in node.operands}
    alive, most = set[Node](), 0
    for i, node in enumerate(listing):
        alive.add(node)
        alive.update(x for x in node.operands if x.scope is Scope.LANE and x.op is not Op.INPUT)
        most = max(most, len(alive))
        alive.difference_update([x for x in node.operands if last_use[x] == i])
    return most


def test_more_is_alive_at_once_the_more_a_listing_is_interleaved_or_ahead() -> None:
    apart, mixed = (most_alive(pipelined(SEARCH, Weave(grain=grain))) for grain in (0, 8))
    ahead = most_alive(pipelined(SEARCH, Weave(grain=0, lead=45)))
    assert 24 <= apart < mixed < 48
    assert ahead > apart


@pytest.mark.parametrize(
    ("weave", "text"),
    [
        (Weave(grain=-1), "grain is 0 or more, not -1"),
        (Weave(phase=-2), "phase is 0 .. 1420, not -2"),
        (Weave(phase=1421), "phase is 0 .. 1420, not 1421"),
        (Weave(lead=-3), "lead is 0 or more, not -3"),
    ],
    ids=str,
)
def test_impossible_weave_is_refused_by_value(weave: Weave, text: str) -> None:
    with pytest.raises(GeneratorError, match=text):
        pipelined(SEARCH, weave)


def test_an_operand_that_comes_too_late_is_noticed() -> None:
    with pytest.raises(GeneratorError, match="used before its turn"):
        evaluate(reversed(chain(SEARCH.schedule)), header_inputs(bytes(76), 0))


def test_parts_are_independent() -> None:
    def inputs(search: Search) -> set[str]:
        return {x.name for x in reach([search.clear]) if x.op is Op.INPUT}

    assert inputs(SEARCH) == {"digest", "mask"}
    assert inputs(build(separate=False)) == {"tail", "midstate", "nonce", "mask"}
