"""C source of one vector kernel, from a row of sets.py.

The text holds what csrc/scan_vector.h says, and includes it for the rest. Values that no nonce
changes stand in two arrays, `work` and `version`, which the two prologues fill.
"""

from collections.abc import Iterable, Sequence

from stampmill.kernels.graph import Node, Op, Scope, lanes, reach
from stampmill.kernels.listing import Weave, chain, pipelined
from stampmill.kernels.lower import lowered
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


def source(row: InstructionSet, weave: Weave | None = None, search: Search | None = None) -> str:
    """Return the file scan_<set>.c; woven otherwise, or of another search, where one is given."""
    search = search or lowered(row.has)
    code = _Code(row, search)
    parts = [
        "/* Made by stampmill.kernels.generate: change that instead. */",
        '#include "kernels.h"',
        f"#if defined(SM_{row.name.upper()})",
        '#include "rounds.h"',
        f"#include <{row.header}>",
        f"typedef {row.vector} V;",
        f"typedef {'uint32_t' if row.has_spread_operands else 'V'} V_UNIFORM;",
        f"#define V_LANES {row.lanes}",
        f"#define V_SPREAD(word) {row.spread.format('word')}",
        f"#define V_UNIFORM_OF(word) {'(word)' if row.has_spread_operands else 'V_SPREAD(word)'}",
        f"#define V_WORK_WORDS {len(code.work)}",
        f"#define V_VERSION_WORDS {len(code.version)}",
        f"#define V_KW_WORDS {len(search.schedule)}",
        *code.prologue(),
        *code.schedule(),
        *_by_compiler(code, weave or row.weave, weave or row.weave_gcc),
        '#include "scan_vector.h"',
        f'V_KERNEL({row.name}, "{row.title}")',
        "#endif",
    ]
    return "\n".join(parts) + "\n"


def _by_compiler(code: "_Code", weave: Weave, gcc: Weave | None) -> list[str]:
    step = code.step(weave)
    if gcc is None or gcc == weave:
        return step
    return ["#if defined(__clang__)", *step, "#else", *code.step(gcc), "#endif"]


class _Code:
    """Writes the functions of one kernel."""

    def __init__(self, row: InstructionSet, search: Search) -> None:
        self._row, self._search = row, search
        nodes = reach([*search.schedule, *search.digest, search.clear])
        read = dict.fromkeys(x for node in lanes(nodes) for x in node.operands)
        self.work = [x for x in read if x.scope is Scope.WORK]
        self.version = [x for x in read if x.scope is Scope.VERSION]
        self._places = {node: f"work[{i}]" for i, node in enumerate(self.work)}
        self._places |= {node: f"version[{i}]" for i, node in enumerate(self.version)}

    def prologue(self) -> list[str]:
        """Return the functions that fill the arrays."""
        work = "const uint32_t *tail, const uint32_t *mask, V_UNIFORM *work"
        version = "const uint32_t *tail, const uint32_t *midstate, V_UNIFORM *version"
        return [
            *self._filled(f"static void v_prepare_work({work})", "work", self.work),
            *self._filled(f"static void v_prepare_version({version})", "version", self.version),
        ]

    def schedule(self) -> list[str]:
        """Return the function that makes the schedule of one batch."""
        outputs = self._search.schedule
        return [
            "static void v_schedule(const V_UNIFORM *work, V nonce_0, V *kw) {",
            *self._listed(chain(outputs), dict.fromkeys(outputs)),
            "}",
        ]

    def step(self, weave: Weave) -> list[str]:
        """Return the function that does one first hash and, of the one before, the second hash."""
        search = self._search
        return [
            "static uint32_t v_step(const V_UNIFORM *work, const V_UNIFORM *version, V nonce_0,",
            "                       const V *kw, V *digest) {",
            *(f"V digest_{i} = digest[{i}];" for i in range(8)),
            *self._listed(pipelined(search, weave), {}),
            *(f"digest[{i}] = {_name(node)};" for i, node in enumerate(search.digest)),
            f"return {_name(search.clear)};",
            "}",
        ]

    def _filled(self, head: str, array: str, nodes: Sequence[Node]) -> list[str]:
        body = [_assigned(node) for node in reach(nodes) if node.operands]
        stores = [f"{array}[{i}] = V_UNIFORM_OF({_scalar(node)});" for i, node in enumerate(nodes)]
        return [f"{head} {{", *body, *stores, "}"]

    def _listed(self, listing: Iterable[Node], kept: Iterable[Node]) -> list[str]:
        places = {node: i for i, node in enumerate(self._search.schedule)} if kept else {}
        lines = []
        for node in listing:
            lines.append(self._operation(node))
            if node in places:
                lines.append(f"kw[{places[node]}] = {_name(node)};")
        return lines

    def _operation(self, node: Node) -> str:
        kind = "uint32_t" if node.op is Op.CLEAR else "V"
        operands = [self._operand(x) for x in node.operands]
        text = self._row.c[node.op].format(*operands, n=node.number)
        return f"{kind} {_name(node)} = {text};"

    def _operand(self, node: Node) -> str:
        if node.op is Op.CONSTANT:
            return f"V_SPREAD(0x{node.number:08x}u)"
        if node in self._places:
            place = self._places[node]
            return f"V_SPREAD({place})" if self._row.has_spread_operands else place
        if node.op is Op.INPUT and node.name == "kw":
            return f"kw[{node.number}]"
        return _name(node)


def _assigned(node: Node) -> str:
    operands = [_scalar(x) for x in node.operands]
    text = _SCALAR[node.op].format(*operands, n=node.number)
    return f"uint32_t {_name(node)} = {text};"


def _scalar(node: Node) -> str:
    if node.op is Op.CONSTANT:
        return f"0x{node.number:08x}u"
    return f"{node.name}[{node.number}]" if node.op is Op.INPUT else _name(node)


def _name(node: Node) -> str:
    return f"{node.name}_{node.number}" if node.op is Op.INPUT else f"v{node.serial}"
