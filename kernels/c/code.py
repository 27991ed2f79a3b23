"""C source of one vector kernel, from a row of sets.py.

The text holds what csrc/scan_vector.h says, and includes it for the rest. Values that no nonce
changes stand in two arrays, `work` and `version`, which the two prologues fill. In `work` are
constants, too: gcc moves one from a general register into a vector and spreads it each time that it
is needed, which takes two instructions from the port that a third of the operations go to, and
reads it from the array for nothing. Clang keeps them as well by itself.
"""

from collections.abc import Sequence

from stampmill.kernels.c.rolled import rolled_step
from stampmill.kernels.c.words import Words, assigned, name, scalar
from stampmill.kernels.graph import Node, Scope, reach
from stampmill.kernels.listing import Weave, chain, pipelined
from stampmill.kernels.lower import lowered
from stampmill.kernels.rolled import loop_kw
from stampmill.kernels.search import Search
from stampmill.kernels.sets import InstructionSet


def source(row: InstructionSet, weave: Weave | None = None, search: Search | None = None) -> str:
    """Return the file scan_<set>.c.

    Where they are given, rounds are woven so instead of what the row says, and of another search.
    """
    search = search or lowered(row.has, in_place=row.in_place)
    is_rolled = row.rolled and weave is None
    words = Words(row, search, loop_kw(search) if is_rolled else search.schedule)
    step = rolled_step(words, search) if is_rolled else _step(words, search, weave or row.weave)
    parts = [
        "/* Made by stampmill.kernels.c.generate: change that instead. */",
        '#include "kernels.h"',
        f"#if defined(SM_{row.name.upper()})",
        '#include "rounds.h"',
        f"#include <{row.header}>",
        f"typedef {row.vector} V;",
        f"typedef {'uint32_t' if row.has_spread_operands else 'V'} V_UNIFORM;",
        f"#define V_LANES {row.lanes}",
        f"#define V_SPREAD(word) {row.spread.format('word')}",
        "#if defined(__clang__)",
        "#define V_CONSTANT(kept, word) V_SPREAD(word)",
        "#else",
        "#define V_CONSTANT(kept, word) (kept)",
        "#endif",
        f"#define V_UNIFORM_OF(word) {'(word)' if row.has_spread_operands else 'V_SPREAD(word)'}",
        f"#define V_WORK_WORDS {len(words.work)}",
        f"#define V_VERSION_WORDS {len(words.version)}",
        f"#define V_KW_WORDS {len(words.kw)}",
        *_prologue(words),
        *_schedule(words),
        *step,
        '#include "scan_vector.h"',
        f'V_KERNEL({row.name}, "{row.title}")',
        "#endif",
    ]
    return "\n".join(parts) + "\n"


def _prologue(words: Words) -> list[str]:
    """Return the functions that fill the arrays."""
    work = "const uint32_t *tail, const uint32_t *mask, V_UNIFORM *work"
    version = "const uint32_t *tail, const uint32_t *midstate, V_UNIFORM *version"
    return [
        *_filled(f"static void v_prepare_work({work})", "work", words.work),
        *_filled(f"static void v_prepare_version({version})", "version", words.version),
    ]


def _filled(head: str, array: str, nodes: Sequence[Node]) -> list[str]:
    body = [assigned(node) for node in reach(nodes) if node.operands]
    stores = [f"{array}[{i}] = V_UNIFORM_OF({scalar(node)});" for i, node in enumerate(nodes)]
    return [f"{head} {{", *body, *stores, "}"]


def _schedule(words: Words) -> list[str]:
    """Return the function that makes the schedule of one batch."""
    places = {node: i for i, node in enumerate(words.kw)}
    given = [node for node in words.kw if node.scope < Scope.LANE]
    lines = [f"kw[{places[node]}] = {words.operand(node)};" for node in given]
    for node in chain(words.kw):
        lines += words.listed([node])
        if node in places:
            lines.append(f"kw[{places[node]}] = {name(node)};")
    return [
        "static void v_schedule(const V_UNIFORM *work, V nonce_0, V *kw) {",
        *lines,
        "}",
    ]


def _step(words: Words, search: Search, weave: Weave) -> list[str]:
    """Return the function that does one first hash and, of the one before, the second hash."""
    return [
        "static uint32_t v_step(const V_UNIFORM *work, const V_UNIFORM *version, V nonce_0,",
        "                       const V *kw, V *digest) {",
        *(f"V digest_{i} = digest[{i}];" for i in range(8)),
        *words.listed(pipelined(search, weave)),
        *(f"digest[{i}] = {name(node)};" for i, node in enumerate(search.digest)),
        f"return {name(search.clear)};",
        "}",
    ]
