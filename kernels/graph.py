"""32-bit words and what is done with them, as a graph that folds whatever is known beforehand.

A node's scope says how often its value changes: CONSTANT never, WORK with the header's last words
and the target, VERSION with the midstate, LANE with the nonce. Only LANE nodes cost anything in
a kernel's loop; the others are computed once, by its prologue. A graph holds each node once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum

WORD = 0xFFFFFFFF


class Scope(IntEnum):
    """How often a value changes; of a node, the highest of its operands'."""

    CONSTANT = 0
    WORK = 1
    VERSION = 2
    LANE = 3


class Op(Enum):
    """What a node is or does. Operands come first, a shift's count stands in `number`."""

    CONSTANT = "constant"  # the word `number`
    INPUT = "input"  # word `number` of the array `name`
    ADD = "add"
    ROTR = "rotr"
    SHR = "shr"
    XOR3 = "xor3"
    CH = "ch"  # y where x is set, else z
    MAJ = "maj"
    SWAP = "swap"  # bytes reversed
    CLEAR = "clear"  # all ones where x has none of y's bits, else 0
    # What the operations above are made of where an instruction set lacks them (lower.py).
    SHL = "shl"
    AND = "and"
    XOR = "xor"
    INSERT = "insert"  # y shifted right by the count, under the count's highest bits of x


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value. Nodes of one graph are equal only if they are the same one."""

    serial: int = field(repr=False)  # in order of making: operands come before what uses them
    op: Op
    operands: tuple["Node", ...]
    number: int
    name: str
    scope: Scope


class Graph:
    """Makes nodes. Operations on constants are done at once, sums are sorted by scope."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], Node] = {}

    def constant(self, word: int) -> Node:
        """Return a word that is known."""
        return self._node(Op.CONSTANT, (), word & WORD, "", Scope.CONSTANT)

    def input(self, name: str, index: int, scope: Scope) -> Node:
        """Return a word that the kernel is given."""
        return self._node(Op.INPUT, (), index, name, scope)

    def add(self, *terms: Node) -> Node:
        """Return the sum. Terms that no nonce changes are summed first, into one; a zero is none.

        The others follow in the order given: put the last one to be ready at the end.
        """
        slow = sorted((term for term in terms if term.scope < Scope.LANE), key=_scope)
        lanes = [term for term in terms if term.scope is Scope.LANE]
        total = self.constant(0)
        for term in slow:
            total = self._sum(total, term)
        lanes = [*lanes[:1], total, *lanes[1:]]
        total = lanes[0]
        for term in lanes[1:]:
            total = self._sum(total, term)
        return total

    def apply(self, op: Op, *operands: Node, number: int = 0) -> Node:
        """Return the result of any other operation."""
        if all(node.op is Op.CONSTANT for node in operands):
            return self.constant(compute(op, [node.number for node in operands], number))
        return self._node(op, operands, number, "", max(node.scope for node in operands))

    def _sum(self, x: Node, y: Node) -> Node:
        if x.op is Op.CONSTANT and not x.number:
            return y
        if y.op is Op.CONSTANT and not y.number:
            return x
        return self.apply(Op.ADD, x, y)

    def _node(
        self, op: Op, operands: tuple[Node, ...], number: int, name: str, scope: Scope
    ) -> Node:
        key = (op, operands, number, name)
        if key not in self._nodes:
            self._nodes[key] = Node(len(self._nodes), op, operands, number, name, scope)
        return self._nodes[key]


def compute(op: Op, operands: Sequence[int], number: int) -> int:
    """Return what an operation makes of words that are known."""
    return _MEANING[op](number, *operands) & WORD


def reach(outputs: Iterable[Node]) -> list[Node]:
    """Return the outputs and all that they depend on, operands before what uses them."""
    found: dict[Node, None] = {}
    pending = list(outputs)
    while pending:
        node = pending.pop()
        if node not in found:
            found[node] = None
            pending += node.operands
    return sorted(found, key=lambda node: node.serial)


def lanes(nodes: Iterable[Node]) -> Iterator[Node]:
    """Pick what a kernel's loop has to do: operations on values that the nonce changes."""
    return (node for node in nodes if node.scope is Scope.LANE and node.op is not Op.INPUT)


def _scope(node: Node) -> Scope:
    return node.scope


# The first argument is the shift's count; the result's low 32 bits count.
_MEANING: dict[Op, Callable[..., int]] = {
    Op.ADD: lambda _, x, y: x + y,
    Op.ROTR: lambda n, x: x >> n | x << 32 - n,
    Op.SHR: lambda n, x: x >> n,
    Op.SHL: lambda n, x: x << n,
    Op.XOR3: lambda _, x, y, z: x ^ y ^ z,
    Op.XOR: lambda _, x, y: x ^ y,
    Op.AND: lambda _, x, y: x & y,
    Op.CH: lambda _, x, y, z: x & y | ~x & z,
    Op.MAJ: lambda _, x, y, z: x & y | z & (x | y),
    Op.INSERT: lambda n, x, y: x & ~(WORD >> n) | y >> n,
    Op.SWAP: lambda _, x: int.from_bytes(x.to_bytes(4, "little"), "big"),
    Op.CLEAR: lambda _, x, y: 0 if x & y else WORD,
}
