"""Rounds in loops: each turn does what any other does, and the hash is the same."""

from collections.abc import Sequence

import pytest

from stampmill.kernels.evaluate import Values, evaluate, header_inputs, last_word
from stampmill.kernels.graph import Node, Op, Scope, compute, lanes, reach
from stampmill.kernels.lower import lowered
from stampmill.kernels.rolled import ROUNDS, Rolled, first_hash, loop_kw, second_hash
from stampmill.kernels.search import Search
from stampmill.kernels.sets import SETS, InstructionSet

every_set = pytest.mark.parametrize("row", SETS, ids=lambda row: row.name)


def slow(nodes: Sequence[Node]) -> list[Node]:
    """What is known before the rounds."""
    return [node for node in reach(nodes) if node.scope < Scope.LANE or node.op is Op.INPUT]


def run(listing: Sequence[Node], known: Values) -> Values:
    """Evaluate what a C compiler would see: only what stands before a line is known to it."""
    values = dict(known)
    for node in listing:
        values[node] = compute(node.op, [values[x] for x in node.operands], node.number)
    return values


def hashed(rolled: Rolled, kw: Sequence[int], known: Values) -> Values:
    """Run one hash as a kernel does, with what its loop's rounds and those behind it add."""
    values = run(rolled.head, known)
    state = [values[node] for node in rolled.before]
    for turn in range(rolled.turns):
        added = kw[turn * ROUNDS : (turn + 1) * ROUNDS]
        read = dict(zip((*rolled.read, *rolled.added), (*state, *added), strict=True))
        values = run(rolled.body, {**known, **read})
        state = [values[node] for node in rolled.made]
    read = dict(zip(rolled.after, state, strict=True))
    read |= {node: kw[t - rolled.begin] for node, t in rolled.foot_kw.items()}
    return run(rolled.foot, {**known, **read})


def rolled_last_word(search: Search, prefix: bytes, nonce: int) -> int:
    inputs = {**header_inputs(prefix, nonce), "digest": [0] * 8, "kw": [0] * len(search.schedule)}
    shared = loop_kw(search)
    outputs = [*shared, *search.digest, *search.second_kw, search.clear]
    kw = evaluate(reach(shared), inputs)
    known = evaluate(slow(outputs), inputs)
    first = hashed(first_hash(search), [kw[node] for node in shared], known)
    inputs["digest"] = [first[node] for node in search.digest]
    known, rolled = evaluate(slow(outputs), inputs), second_hash(search)
    words = evaluate(reach(search.second_kw), inputs)
    second = hashed(rolled, [words[node] for node in search.second_kw[rolled.begin :]], known)
    return second[search.last]


@every_set
def test_rounds_in_loops_compute_the_same_hash(row: InstructionSet) -> None:
    search = lowered(row.has, in_place=row.in_place)
    for nonce in (0, 0xDEADBEEF):
        prefix = bytes(range(nonce % 7, 76 + nonce % 7))
        assert rolled_last_word(search, prefix, nonce) == last_word(search, prefix, nonce)[0]


@every_set
def test_loops_do_hardly_more_than_a_line(row: InstructionSet) -> None:
    search = lowered(row.has, in_place=row.in_place)
    line = len(list(lanes(reach([*search.digest, search.clear]))))
    hashes = first_hash(search), second_hash(search)
    rolled = sum(len(x.head) + x.turns * len(x.body) + len(x.foot) for x in hashes)
    schedule = [x for x in lanes(reach(search.second_kw)) if x.op is not Op.INPUT]
    assert line <= rolled + len(schedule) <= 1.01 * line
