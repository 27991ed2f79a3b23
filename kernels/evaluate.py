"""The search done in Python, operation by operation: slow, and the proof of what emitters emit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.graph import WORD, Graph, Node, Op, compute, reach
from stampmill.kernels.search import Search
from stampmill.kernels.sha256 import compress, initial_state

Values = dict[Node, int]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A node read differently, by all that use it or by one of them alone."""

    node: Node
    number: int
    user: Node | None = None


def evaluate(
    listing: Iterable[Node], inputs: Mapping[str, Sequence[int]], mutant: Mutant | None = None
) -> Values:
    """Return the value of each node of a listing, which has operands before what uses them.

    Raise GeneratorError for an input that is not given, or an operand that comes too late.
    """
    values: Values = {}
    for node in listing:
        values[node] = _value(node, values, inputs, mutant)
    return values


def last_word(
    search: Search, prefix: bytes, nonce: int, mask: int = WORD, mutant: Mutant | None = None
) -> tuple[int, int]:
    """Return a header's last and clear word from 76 bytes and the nonce, part after part."""
    inputs = header_inputs(prefix, nonce, mask)
    values: Values = {}
    for name, outputs, listing in _parts(search):
        values = evaluate(listing, inputs, mutant)
        inputs[name] = [values[node] for node in outputs]
    return values[search.last], values[search.clear]


def header_inputs(prefix: bytes, nonce: int, mask: int = WORD) -> dict[str, Sequence[int]]:
    """Return what a kernel is given for 76 header bytes and a nonce."""
    words = [int.from_bytes(prefix[i : i + 4], "big") for i in range(0, 76, 4)]
    swapped = compute(Op.SWAP, [nonce], 0)
    return {
        "midstate": midstate(tuple(words[:16])),
        "tail": words[16:],
        "nonce": [swapped],
        "mask": [mask],
    }


@cache
def midstate(block: tuple[int, ...]) -> tuple[int, ...]:
    """Return the state after one block of 16 words: a graph of constants, all of it folded."""
    graph = Graph()
    state = compress(graph, initial_state(graph), [graph.constant(word) for word in block])
    return tuple([node.number for node in state])


def mutants(listing: Iterable[Node]) -> Iterator[Mutant]:
    """Change each count of a rotation or shift, and each use of a constant, one at a time."""
    for node in listing:
        if node.op in {Op.ROTR, Op.SHR, Op.SHL}:
            yield Mutant(node, node.number + 1)
        for constant in (x for x in node.operands if x.op is Op.CONSTANT):
            yield Mutant(constant, constant.number ^ 1 << node.serial % 32, node)


@cache
def _parts(search: Search) -> list[tuple[str, tuple[Node, ...], list[Node]]]:
    parts = {"kw": search.schedule, "digest": search.digest, "clear": (search.clear,)}
    return [(name, outputs, reach(outputs)) for name, outputs in parts.items()]


def _value(
    node: Node, values: Values, inputs: Mapping[str, Sequence[int]], mutant: Mutant | None
) -> int:
    number = node.number
    if mutant and mutant.user is None and mutant.node is node:
        number = mutant.number
    if node.op is Op.CONSTANT:
        return number
    if node.op is Op.INPUT:
        return _input(node, inputs)
    return compute(node.op, [_operand(node, x, values, mutant) for x in node.operands], number)


def _operand(user: Node, node: Node, values: Values, mutant: Mutant | None) -> int:
    if mutant and mutant.user is user and mutant.node is node:
        return mutant.number
    if node.op is Op.CONSTANT:
        return node.number
    if node not in values:
        raise GeneratorError(f"node {node.serial} is used before its turn in the listing")
    return values[node]


def _input(node: Node, inputs: Mapping[str, Sequence[int]]) -> int:
    if node.name not in inputs:
        raise GeneratorError(f"input '{node.name}' is not given")
    return inputs[node.name][node.number]
