"""The search in the operations that an instruction set has."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, reduce
from itertools import zip_longest

from stampmill.kernels.graph import Graph, Node, Op, Scope, reach
from stampmill.kernels.search import Search, build


@cache
def lowered(has: frozenset[Op], *, separate: bool = True, in_place: bool = False) -> Search:
    """Return the search for an instruction set that has, of the optional operations, only these.

    Optional are ROTR, INSERT, XOR3, CH and MAJ. What is done once per work keeps its operations.
    `in_place` is for a set whose shifts have no place for a result but their operand's: as many
    operations, fewer copies.
    """
    search = build(separate=separate)
    lower = _Lowering(has, in_place=in_place)
    kw = [*search.schedule, *search.first_kw, *search.second_kw]
    lower.take(reach([*kw, *search.digest, search.clear]))
    known = lower.known
    return Search(
        lower.graph,
        tuple([known[node] for node in search.schedule]),
        tuple([known[node] for node in search.digest]),
        tuple([known[node] for node in search.digest_schedule]),
        tuple([known[node] for node in search.first]),
        tuple([known[node] for node in search.second]),
        tuple([known[node] for node in search.first_kw]),
        tuple([known[node] for node in search.second_kw]),
        known[search.last],
        known[search.clear],
    )


class _Lowering:
    """Copies nodes into a graph of its own, each in terms of what there is."""

    def __init__(self, has: Collection[Op], *, in_place: bool) -> None:
        self.graph = Graph()
        self.known: dict[Node, Node] = {}
        makers: dict[Op, Callable[..., Node]] = {
            Op.ROTR: self._inserted if Op.INSERT in has else self._rotated,
            Op.XOR3: self._xor3,
            Op.CH: self._choice,
            Op.MAJ: self._selected if Op.CH in has else self._majority,
        }
        self._makers = {op: maker for op, maker in makers.items() if op not in has}
        self._chains_shifts = in_place and not {Op.ROTR, Op.INSERT, Op.XOR3} & set(has)

    def take(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            self.known[node] = self._copy(node)

    def _copy(self, node: Node) -> Node:
        operands = [self.known[operand] for operand in node.operands]
        if node.op is Op.CONSTANT:
            return self.graph.constant(node.number)
        if node.op is Op.INPUT:
            return self.graph.input(node.name, node.number, node.scope)
        if self._chains_shifts and _is_small_sigma(node):
            return self._chained(node)
        if node.scope is Scope.LANE and node.op in self._makers:
            return self._makers[node.op](node.number, *operands)
        return self.graph.apply(node.op, *operands, number=node.number)

    def _rotated(self, count: int, x: Node) -> Node:
        low = self.graph.apply(Op.SHR, x, number=count)
        return self._xor(low, self.graph.apply(Op.SHL, x, number=32 - count))

    def _inserted(self, count: int, x: Node) -> Node:
        high = self.graph.apply(Op.SHL, x, number=32 - count)
        return self.graph.apply(Op.INSERT, high, x, number=count)

    def _xor3(self, _: int, x: Node, y: Node, z: Node) -> Node:
        return self._xor(self._xor(x, y), z)

    def _chained(self, sigma: Node) -> Node:
        """Make each shift of the one before, not of the word, which would be copied for each.

        That takes longer until all of them are done. A schedule has the time, rounds do not.
        """
        x = self.known[sigma.operands[0].operands[0]]
        right = self._shifts(Op.SHR, x, [part.number for part in sigma.operands])
        rotated = [part for part in sigma.operands if part.op is Op.ROTR]
        left = self._shifts(Op.SHL, x, [32 - part.number for part in rotated])
        return reduce(
            self._xor, [part for pair in zip_longest(right, left) for part in pair if part]
        )

    def _shifts(self, op: Op, x: Node, counts: Iterable[int]) -> Iterator[Node]:
        done = 0
        for count in sorted(counts):
            x, done = self.graph.apply(op, x, number=count - done), count
            yield x

    def _choice(self, _: int, x: Node, y: Node, z: Node) -> Node:
        return self._xor(z, self.graph.apply(Op.AND, x, self._xor(y, z)))

    def _majority(self, _: int, a: Node, b: Node, c: Node) -> Node:
        # The next round asks for the majority of a new word, a and b: their difference is kept.
        both = self.graph.apply(Op.AND, self._xor(a, b), self._xor(b, c))
        return self._xor(b, both)

    def _selected(self, _: int, a: Node, b: Node, c: Node) -> Node:
        return self.graph.apply(Op.CH, self._xor(a, b), c, b)

    def _xor(self, x: Node, y: Node) -> Node:
        return self.graph.apply(Op.XOR, x, y)


def _is_small_sigma(node: Node) -> bool:
    """Tell whether this is what a schedule makes of one of its words (sha256.py)."""
    is_lane_xor = node.op is Op.XOR3 and node.scope is Scope.LANE
    return is_lane_xor and [x.op for x in node.operands] == [Op.ROTR, Op.ROTR, Op.SHR]
