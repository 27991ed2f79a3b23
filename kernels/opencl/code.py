"""OpenCL C of the search, for one shape of kernel: the frame search.cl, with its parts put in.

Values that no nonce changes are kernel arguments: the words of `Uniform`, which `Uniforms` computes
on the host.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.graph import Node, Op, Scope, compute, lanes, reach
from stampmill.kernels.listing import Chain, Weave, chain, pipelined
from stampmill.kernels.lower import lowered
from stampmill.kernels.search import Search

WIDTHS = (1, 2, 4, 8, 16)
MAX_VERSIONS = 16
MAX_UNROLL = 16
MAX_GROUP = 1024
MAX_REGISTERS = 255
SLOTS = 1024
"""Hits that one launch has room for; the buffer is a word for their number, and two for each."""

WEAVE = Weave(grain=32, lead=2)
"""How two hashes side by side are one listing: of PoCL's, among the fastest for each vector."""

_C = {
    Op.ADD: "ADD({0}, {1})",
    Op.ROTR: "ROTR({0}, {n}u)",
    Op.SHR: "({0} >> {n}u)",
    Op.XOR: "({0} ^ {1})",
    Op.XOR3: "({0} ^ {1} ^ {2})",
    Op.CH: "CHOOSE({0}, {1}, {2})",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a kernel is specialised by. Raise GeneratorError for what cannot be."""

    width: int = 1
    """Nonces that a work-item does side by side, in a vector."""
    versions: int = 1
    """Midstates that share a schedule."""
    copies: int = 1
    """How often the second hash is in the code; it is looped over the versions."""
    unroll: int = 1
    group: int = 256
    """Work-items of a work-group."""
    multiply_to_add: bool = False
    """Add by inline PTX on NVIDIA's multiply pipe."""
    registers: int = 0
    """The most that a work-item may take, as NVIDIA's compiler is told; 0: it is told nothing."""
    one_by_one: bool = False
    """Do a version after the other, with the schedule kept, each beside the second hash of the one
    before: for CPUs, whose registers do not hold the states of several, and which look ahead."""

    def __post_init__(self) -> None:
        if self.width not in WIDTHS:
            raise GeneratorError(f"width is one of 1, 2, 4, 8 and 16, not {self.width}")
        if not 1 <= self.versions <= MAX_VERSIONS:
            raise GeneratorError(f"versions is 1 .. {MAX_VERSIONS}, not {self.versions}")
        if self.copies < 1 or self.versions % self.copies:
            raise GeneratorError(
                f"copies divides versions, {self.versions}; {self.copies} does not"
            )
        if not 1 <= self.unroll <= MAX_UNROLL:
            raise GeneratorError(f"unroll is 1 .. {MAX_UNROLL}, not {self.unroll}")
        if not 1 <= self.group <= MAX_GROUP:
            raise GeneratorError(f"a work-group has 1 .. {MAX_GROUP} items, not {self.group}")
        if not 0 <= self.registers <= MAX_REGISTERS:
            raise GeneratorError(f"registers is 0 .. {MAX_REGISTERS}, not {self.registers}")
        if self.multiply_to_add and self.width > 1:
            raise GeneratorError("inline PTX is for width 1")
        if self.one_by_one and self.copies > 1:
            raise GeneratorError("versions one by one have one copy of the second hash")

    @property
    def turns(self) -> int:
        """How often the code of the second hash is gone through: a kernel argument."""
        return self.versions // self.copies


class Uniforms:
    """The words of a launch that no nonce changes, in the order of `Uniform`."""

    def __init__(self) -> None:
        work, version = _uniform_nodes(_search())
        self._work, self._version = _Program(work), _Program(version)

    def work(self, tail: Sequence[int], mask: int) -> list[int]:
        """Return `work`, of the header's words 16 to 18 and the mask of the target."""
        return self._work.run({"tail": tail, "mask": [mask]})

    def version(self, tail: Sequence[int], midstate: Sequence[int]) -> list[int]:
        """Return one row of `version`."""
        return self._version.run({"tail": tail, "midstate": midstate})


class _Program:
    """Computes nodes in a twentieth of a millisecond: the event loop waits for it at every job."""

    def __init__(self, outputs: Sequence[Node]) -> None:
        nodes = reach(outputs)
        places = {node: i for i, node in enumerate(nodes)}
        self._given = {
            i: (node.name, node.number) for i, node in enumerate(nodes) if node.op is Op.INPUT
        }
        self._values = [node.number if node.op is Op.CONSTANT else 0 for node in nodes]
        self._steps = [
            (i, node.op, node.number, [places[x] for x in node.operands])
            for i, node in enumerate(nodes)
            if node.operands
        ]
        self._outputs = [places[node] for node in outputs]

    def run(self, inputs: Mapping[str, Sequence[int]]) -> list[int]:
        """Return the outputs."""
        values = self._values.copy()
        for i, (name, number) in self._given.items():
            values[i] = inputs[name][number]
        for i, op, number, places in self._steps:
            values[i] = compute(op, [values[place] for place in places], number)
        return [values[i] for i in self._outputs]


def source(shape: Shape) -> str:
    """Return the kernel `search` of this shape."""
    code = _Code(shape)
    parts = {
        "unroll": [f"#pragma unroll {shape.unroll}"],
        "digests": code.digests(),
        "first hashes": code.first_hashes(),
        "second hashes": code.second_hashes(),
    }
    frame = files("stampmill.kernels.opencl").joinpath("search.cl").read_text(encoding="utf-8")
    for name, lines in parts.items():
        frame = frame.replace(f'#include "{name}"\n', "".join(f"{line}\n" for line in lines))
    return "".join(f"#define {name} {value}\n" for name, value in code.defined()) + frame


@cache
def _search() -> Search:
    return lowered(frozenset({Op.ROTR, Op.XOR3, Op.CH}))


def _uniform_nodes(search: Search) -> tuple[list[Node], list[Node]]:
    """Return the nodes that the loop reads and does not change, of the work and of a version."""
    nodes = reach([*search.schedule, *search.digest, search.clear])
    read = dict.fromkeys(x for node in lanes(nodes) for x in node.operands)
    work, version = ([x for x in read if x.scope is scope] for scope in (Scope.WORK, Scope.VERSION))
    return work, version


class _Code:
    """Writes the parts that go into the frame."""

    def __init__(self, shape: Shape) -> None:
        self._shape, self._search = shape, _search()
        self._work, self._version = _uniform_nodes(self._search)
        self._schedule = iter(chain(self._search.schedule))
        self._scheduled: set[Node] = set()
        nodes = reach([*self._search.schedule, *self._search.digest, self._search.last])
        self._again = _differences_again(nodes)
        self._held = frozenset(self._again.values())
        self._uses = Counter(x for node in nodes for x in node.operands)

    def defined(self) -> Iterator[tuple[str, str]]:
        """Yield the macros that the frame wants."""
        shape = self._shape
        for name, number in (
            ("WIDTH", shape.width),
            ("VERSIONS", shape.versions),
            ("COPIES", shape.copies),
            ("GROUP", shape.group),
            ("SLOTS", SLOTS),
            ("WORK_WORDS", len(self._work)),
            ("VERSION_WORDS", len(self._version)),
            ("MASK_WORD", self._work.index(self._search.clear.operands[1])),
        ):
            yield name, f"{number}u" if name == "SLOTS" else str(number)
        if shape.multiply_to_add:
            yield "MULTIPLY_TO_ADD", "1"
        if shape.registers:
            yield "MAX_REGISTERS", str(shape.registers)
        if shape.one_by_one:
            yield "ONE_BY_ONE", "1"

    def digests(self) -> Iterator[str]:
        """Write the digest that waits for its second hash, where a step leaves it to the next."""
        for i in range(8 if self._shape.one_by_one else 0):
            yield f"LANES digest0_{i} = ALL(0u);"

    def first_hashes(self) -> Iterator[str]:
        """Write the shared schedule and each version's first hash, round by round.

        One by one it is the schedule alone.
        """
        search, versions = self._search, range(self._shape.versions)
        if self._shape.one_by_one:
            yield from (self._operation(x, 0, shared=True) for x in chain(search.schedule))
            return
        for part in _rounds(search):
            for version in versions:
                for node in part:
                    yield from self._awaited(node)
                    yield self._operation(node, version)
        for version in versions:
            yield from self._digest(version)

    def second_hashes(self) -> Iterator[str]:
        """Write so many second hashes as there are copies, and move the digests up behind them."""
        if self._shape.one_by_one:
            yield from self._step()
            return
        shape, nodes = self._shape, chain(self._search.second)
        for slot in range(shape.copies):
            for node in nodes:
                yield self._operation(node, slot)
            yield from self._report(slot, "nonce", f"turn * COPIES + {slot}u")
        for version in range(shape.versions - shape.copies):
            for i in range(8):
                yield f"digest{version}_{i} = digest{version + shape.copies}_{i};"

    def _step(self) -> Iterator[str]:
        """Write the first hash of a version, and the second one of what the step before left."""
        for node in pipelined(self._search, WEAVE):
            if node.op is not Op.CLEAR:
                yield self._operation(node, 0)
        yield from self._report(0, "turn ? nonce : nonce - ALL(step)", "(turn ? turn : turns) - 1u")
        for i, node in enumerate(self._search.digest):
            yield f"digest0_{i} = {self._operand(node, 0)};"

    def _report(self, slot: int, nonce: str, version: str) -> Iterator[str]:
        last = self._operand(self._search.last, slot)
        mask = self._operand(self._search.clear.operands[1], slot)
        begun = " && (n | turn)" if self._shape.one_by_one else ""
        yield f"if (MAY_HIT({last}, {mask}){begun})"
        numbers = f"{last} & {mask}, first_version + {version}"
        yield f"    report_lanes(found, {nonce}, {numbers}, first, last, one - 1u);"

    def _digest(self, version: int) -> Iterator[str]:
        for i, node in enumerate(self._search.digest):
            yield f"LANES digest{version}_{i} = HELD({self._operand(node, version)});"

    def _awaited(self, node: Node) -> Iterator[str]:
        """Write the schedule as far as an operation needs it."""
        for x in node.operands:
            if x.op is Op.INPUT and x.name == "kw":
                word = self._search.schedule[x.number]
                while word not in self._scheduled:
                    made = next(self._schedule)
                    self._scheduled.add(made)
                    yield self._operation(made, 0, shared=True)

    def _operation(self, node: Node, version: int, *, shared: bool = False) -> str:
        name = f"v{node.serial}" if shared else f"v{node.serial}_{version}"
        operands = [self._operand(x, version, shared=shared) for x in node.operands]
        text = _C[node.op]
        if _is_majority(node):
            text = "MAJORITY({0}, {3}, {4}, {1})"
            operands += [self._operand(x, version) for x in node.operands[0].operands]
            if node in self._again:
                text = "MAJORITY_AGAIN({5}, {0}, {3}, {4}, {1})"
                operands.append(self._operand(self._again[node], version))
        elif node in self._held:
            text = "HELD({0} ^ {1})"
        elif self._is_sum_for_a_sigma(node):
            text = "ADD_XOR({0}, {1})"
        return f"const LANES {name} = {text.format(*operands, n=node.number)};"

    def _is_sum_for_a_sigma(self, node: Node) -> bool:
        """Tell whether a sigma is added to a sum that nothing else reads."""
        if node.op is not Op.ADD:
            return False
        total, sigma = node.operands
        return (total.op, sigma.op, self._uses[total]) == (Op.ADD, Op.XOR3, 1)

    def _operand(self, node: Node, version: int, *, shared: bool = False) -> str:
        if node.op is Op.CONSTANT:
            return f"ALL(0x{node.number:08x}u)"
        if node.scope is Scope.WORK:
            return f"ALL(uniform.work[{self._work.index(node)}])"
        if node.scope is Scope.VERSION:
            row = "turn" if self._shape.one_by_one else version
            return f"ALL(uniform.version[{row}][{self._version.index(node)}])"
        if node.op is not Op.INPUT:
            return f"v{node.serial}" if shared else f"v{node.serial}_{version}"
        if node.name == "kw":
            return f"v{self._search.schedule[node.number].serial}"
        return f"digest{version}_{node.number}" if node.name == "digest" else "nonce_0"


def _rounds(search: Search) -> Iterator[Chain]:
    """Cut the first hash behind the `a` of each round."""
    part: Chain = []
    ends = set(search.first[1::2])
    for node in chain([*search.first, *search.digest]):
        part.append(node)
        if node in ends:
            yield part
            part = []
    yield part


def _is_majority(node: Node) -> bool:
    """Tell whether this is a majority as lower.py makes it: of two words that differ, a third."""
    return node.op is Op.CH and node.operands[0].op is Op.XOR


def _differences_again(nodes: Sequence[Node]) -> dict[Node, Node]:
    """Return, for every second majority, the difference that the one before was made of.

    The two have two words in common: where these differ the third decides, in either.
    """
    again: dict[Node, Node] = {}
    differences: dict[frozenset[Node], Node] = {}
    for node in filter(_is_majority, lanes(nodes)):
        difference, *others = node.operands
        if before := differences.get(frozenset(others)):
            again[node] = before
        elif difference.scope is Scope.LANE:
            differences[frozenset(difference.operands)] = difference
    return again
