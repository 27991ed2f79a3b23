"""How C writes the values of a kernel: their names, their places in arrays, what makes them."""

from collections.abc import Iterable, Mapping, Sequence

from stampmill.kernels.graph import Node, Op, Scope, lanes, reach
from stampmill.kernels.search import Search
from stampmill.kernels.sets import InstructionSet

_SCALAR = {
    Op.ADD: "{0} + {1}",
    Op.ROTR: "sm_rotr({0}, {n})",
    Op.SHR: "{0} >> {n}",
    Op.XOR: "{0} ^ {1}",
    Op.AND: "{0} & {1}",
    Op.XOR3: "{0} ^ {1} ^ {2}",
    Op.CH: "sm_ch({0}, {1}, {2})",
    Op.MAJ: "sm_maj({0}, {1}, {2})",
}

Places = Mapping[Node, str]
"""Values that stand elsewhere than in a variable of their own name."""


class Words:
    """The values of one kernel. `kw` is what it keeps of a batch's schedule, in this order."""

    def __init__(self, row: InstructionSet, search: Search, kw: Sequence[Node]) -> None:
        self.kw = kw
        self._row = row
        nodes = reach([*kw, *search.digest, search.clear])
        read = dict.fromkeys(x for node in lanes(nodes) for x in node.operands)
        read |= dict.fromkeys(kw)
        self.work = [x for x in read if x.scope <= Scope.WORK]
        self.version = [x for x in read if x.scope is Scope.VERSION]
        self._places = {node: f"work[{i}]" for i, node in enumerate(self.work)}
        self._places |= {node: f"version[{i}]" for i, node in enumerate(self.version)}
        self._shared = len(kw) - len(search.schedule)

    def listed(self, listing: Iterable[Node], places: Places | None = None) -> list[str]:
        """Return operations; `places` are further ones of their operands."""
        return [self._operation(node, places or {}) for node in listing]

    def operand(self, node: Node, places: Places | None = None) -> str:
        """Return a value as an operation of vectors reads it."""
        if places and node in places:
            return places[node]
        if node in self._places:
            place = self._places[node]
            kept = f"V_SPREAD({place})" if self._row.has_spread_operands else place
            return f"V_CONSTANT({kept}, {scalar(node)})" if node.op is Op.CONSTANT else kept
        if node.op is Op.INPUT and node.name == "kw":
            return f"kw[{node.number + self._shared}]"
        return name(node)

    def _operation(self, node: Node, places: Places) -> str:
        kind = "uint32_t" if node.op is Op.CLEAR else "V"
        operands = [self.operand(x, places) for x in node.operands]
        text = self._row.c[node.op].format(*operands, n=node.number)
        return f"{kind} {name(node)} = {text};"


def name(node: Node) -> str:
    """Return the variable that holds a value."""
    return f"{node.name}_{node.number}" if node.op is Op.INPUT else f"v{node.serial}"


def scalar(node: Node) -> str:
    """Return a value that no nonce changes, as the prologue reads it."""
    if node.op is Op.CONSTANT:
        return f"0x{node.number:08x}u"
    return f"{node.name}[{node.number}]" if node.op is Op.INPUT else name(node)


def assigned(node: Node) -> str:
    """Return the making of a value that no nonce changes."""
    operands = [scalar(x) for x in node.operands]
    text = _SCALAR[node.op].format(*operands, n=node.number)
    return f"uint32_t {name(node)} = {text};"
