"""The step of a kernel in C where rounds are a loop (kernels/rolled.py)."""

from stampmill.kernels.c.words import Words, name
from stampmill.kernels.graph import Node, Scope
from stampmill.kernels.listing import chain
from stampmill.kernels.rolled import ROUNDS, Rolled, first_hash, second_hash, second_loop_kw
from stampmill.kernels.search import Search


def rolled_step(words: Words, search: Search) -> list[str]:
    """Return the function that does one first hash and, of the one before, the second hash."""
    return [
        *_first(words, search),
        *_second(words, search),
        "static uint32_t v_step(const V_UNIFORM *work, const V_UNIFORM *version, V nonce_0,",
        "                       const V *kw, V *digest) {",
        "uint32_t clear = v_second(work, digest);",
        "v_first(version, nonce_0, kw, digest);",
        "return clear;",
        "}",
    ]


def _first(words: Words, search: Search) -> list[str]:
    return [
        "static void v_first(const V_UNIFORM *version, V nonce_0, const V *kw, V *digest) {",
        *_hash(words, first_hash(search)),
        *(f"digest[{i}] = {name(node)};" for i, node in enumerate(search.digest)),
        "}",
    ]


def _second(words: Words, search: Search) -> list[str]:
    kw = second_loop_kw(search)
    return [
        "static uint32_t v_second(const V_UNIFORM *work, const V *digest) {",
        *(f"V digest_{i} = digest[{i}];" for i in range(8)),
        f"V kw[{len(kw)}];",
        *_kept(words, kw),
        *_hash(words, second_hash(search)),
        f"return {name(search.clear)};",
        "}",
    ]


def _kept(words: Words, kw: tuple[Node, ...]) -> list[str]:
    """Fill the array of constants plus schedule words."""
    given = {i: words.operand(node) for i, node in enumerate(kw) if node.scope < Scope.LANE}
    made = {i: name(node) for i, node in enumerate(kw) if i not in given}
    stores = [f"kw[{i}] = {text};" for i, text in (given | made).items()]
    return [*words.listed(chain(kw)), *stores]


def _hash(words: Words, rolled: Rolled) -> list[str]:
    """Return the rounds; `kw` is an array that begins with the loop's first round."""
    read = {node: f"s{i}" for i, node in enumerate(rolled.read)}
    read |= {node: f"k[{i}]" for i, node in enumerate(rolled.added)}
    after = {node: f"s{i}" for i, node in enumerate(rolled.after)}
    after |= {node: f"kw[{t - rolled.begin}]" for node, t in rolled.foot_kw.items()}
    return [
        *words.listed(rolled.head),
        *(f"V s{i} = {name(node)};" for i, node in enumerate(rolled.before)),
        f"for (const V *k = kw; k < kw + {ROUNDS * rolled.turns}; k += {ROUNDS}) {{",
        *words.listed(rolled.body, read),
        *(f"s{i} = {name(node)};" for i, node in enumerate(rolled.made)),
        "}",
        *words.listed(rolled.foot, after),
    ]
