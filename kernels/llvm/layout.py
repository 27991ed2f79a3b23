"""Where a kernel in LLVM IR keeps what it knows: a block of 32-bit words, aligned to a vector."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stampmill.kernels.counts import MAX_VERSIONS
from stampmill.kernels.graph import Node, Op, Scope, lanes, reach
from stampmill.kernels.rolled import loop_kw, second_loop_kw
from stampmill.kernels.search import Search
from stampmill.kernels.sets import InstructionSet


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value begins and how many words it has. With a stride: one for each number."""

    offset: int
    lanes: int = 1
    stride: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of a kernel's values, and how many words these are together.

    Of what the loop reads and no nonce changes, a word may be kept in all lanes of a vector: where
    an instruction set's operations cannot spread it.
    """

    lanes: int
    size: int
    inputs: Mapping[str, tuple[Place, ...]]  # by name
    work: Mapping[Node, Place]
    version: Mapping[Node, Place]
    kw: tuple[Mapping[Node, Place], ...]  # what rounds add one by one, of each hash in loops

    def read(self, node: Node, *, in_loop: bool) -> Place:
        """Return where the loop, or what prepares it, finds a value that it does not make."""
        kept = (self.work.get(node) or self.version.get(node)) if in_loop else None
        return kept or self.inputs[node.name][node.number]


def layout(row: InstructionSet, search: Search) -> Layout:
    """Return the layout of an instruction set's kernel.

    First come vectors, then what all versions share, then a part for each version.
    """
    shared, part, kept = _Block(), _Block(), 1 if row.has_spread_operands else row.lanes
    sizes = {"nonce": 1, "digest": 8}
    inputs = {name: shared.take(size, row.lanes) for name, size in sizes.items()}
    added = (loop_kw(search), second_loop_kw(search)) if row.rolled else (search.schedule,)
    kw = [dict(zip(words, shared.take(len(words), row.lanes), strict=True)) for words in added]
    inputs["kw"] = tuple(kw[0][node] for node in search.schedule)
    work, version = (_read(search, scope) for scope in (Scope.WORK, Scope.VERSION))
    work_places = shared.take(len(work), kept)
    # The header's first 64 bytes but for the version, and what follows them; the state, constants
    # and schedule while these are hashed.
    sizes = {"block": 15, "tail": 3, "mask": 1, "state": 8, "k": 64, "words": 80}
    inputs |= {name: shared.take(size) for name, size in sizes.items()}
    inputs["k"], inputs["window"] = _each(inputs["k"]), _each(inputs["words"])
    start = shared.size_in_vectors(row.lanes)

    version_places, midstate, header_version = (
        part.take(len(version), kept),
        part.take(8),
        part.take(1),
    )
    stride = part.size_in_vectors(row.lanes)

    def moved(places: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(replace(x, offset=start + x.offset, stride=stride) for x in places)

    inputs["midstate"] = moved(midstate)
    inputs["block"] = moved(header_version) + inputs["block"]
    return Layout(
        row.lanes,
        start + stride * MAX_VERSIONS,
        inputs,
        dict(zip(work, work_places, strict=True)),
        dict(zip(version, moved(version_places), strict=True)),
        tuple(kw),
    )


class _Block:
    """Hands out places one behind the other."""

    def __init__(self) -> None:
        self._size = 0

    def take(self, count: int, lanes: int = 1) -> tuple[Place, ...]:
        start, self._size = self._size, self._size + count * lanes
        return tuple(Place(offset, lanes) for offset in range(start, self._size, lanes))

    def size_in_vectors(self, lanes: int) -> int:
        """Return the size, rounded up."""
        return -(-self._size // lanes) * lanes


def _each(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Return the places of number 0, those of the next number each being a word further."""
    return tuple(replace(place, stride=1) for place in places)


def _read(search: Search, scope: Scope) -> list[Node]:
    """Return the values of a scope that operations on lanes read."""
    nodes = reach([*search.schedule, *search.digest, search.clear])
    read = dict.fromkeys(x for node in lanes(nodes) for x in node.operands)
    return [node for node in read if node.scope is scope and node.op is not Op.CONSTANT]
