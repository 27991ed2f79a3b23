"""The nonce search: which of SHA-256d's operations are left, and in which parts.

A header's first 64 bytes are hashed beforehand, into the midstate of each version. For each nonce
remain

 - the schedule of the second block, the same for all versions;
 - the first hash: the second block's rounds, whose results are the digest;
 - the second hash, of the digest, up to the word that decides.

The parts may be separate, each taking the one before as input, so that a kernel can share the
schedule among versions and run two parts of different nonces side by side.

Left out: rounds 0 to 2 and all of round 3 but one sum each for a and e, what padding and initial
values do to rounds and schedules, the rounds 61 to 63 of the second hash (its last word is the `e`
of round 60 plus a constant), and `a` of the rounds 57 to 60, which does not get there.
"""

from dataclasses import dataclass

from stampmill.kernels.graph import Graph, Node, Op, Scope
from stampmill.kernels.sha256 import (
    DIGEST_BITS,
    HEADER_BITS,
    IV,
    PADDING,
    K,
    State,
    initial_state,
    next_word,
    start_round,
)

FIRST_SHARED, LAST_ROUND = 18, 60
"""The first schedule word that the nonce changes; the last round of the second hash."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The outputs of the parts, in one graph.

    Inputs are `tail` (header words 16 to 18) and `mask` of the work, `midstate` of the version,
    `nonce` (as the big-endian header word), and for parts that are separate `kw` and `digest`.
    """

    graph: Graph
    schedule: tuple[Node, ...]  # constant plus schedule word, rounds 18 to 63: the last word bare
    digest: tuple[Node, ...]  # eight words
    digest_schedule: tuple[Node, ...]  # the second hash's constant plus schedule word, from 16 on
    first: tuple[Node, ...]  # the `e` and `a` of each round of the first hash, as they come
    second: tuple[Node, ...]  # and of the second
    first_kw: tuple[Node, ...]  # constant plus schedule word of each round: the last word bare
    second_kw: tuple[Node, ...]  # and of the second hash's, up to the last one needed
    last: Node  # the hash's last word, big-endian: the most significant of the number it stands for
    clear: Node  # nonzero where the last word has none of the mask's bits: what may be a hit


def build(*, separate: bool) -> Search:
    """Return the search in separate parts, or as one."""
    graph = Graph()
    schedule = _schedule(graph)
    kw = [graph.input("kw", i, Scope.LANE) for i in range(len(schedule))] if separate else schedule
    digest, first = _first_hash(graph, kw)
    words = [graph.input("digest", i, Scope.LANE) for i in range(8)] if separate else digest
    digest_schedule = _digest_schedule(graph, words)
    last, second = _last_word(graph, words, digest_schedule)
    clear = graph.apply(Op.CLEAR, last, graph.input("mask", 0, Scope.WORK))
    return Search(
        graph,
        tuple(schedule),
        tuple(digest),
        tuple(digest_schedule),
        tuple(first),
        tuple(second),
        tuple(_sums(graph, _first_words(graph), kw)),
        tuple(_sums(graph, _digest_block(graph, words), digest_schedule)),
        last,
        clear,
    )


def _block(graph: Graph) -> list[Node]:
    """Return the header's last 16 bytes and their padding."""
    tail = [graph.input("tail", i, Scope.WORK) for i in range(3)]
    padding = [PADDING, *[0] * 10, HEADER_BITS]
    return [*tail, graph.input("nonce", 0, Scope.LANE), *map(graph.constant, padding)]


def _first_words(graph: Graph) -> list[Node]:
    words = _block(graph)
    while len(words) < FIRST_SHARED:
        words.append(next_word(graph, words))
    return words


def _schedule(graph: Graph) -> list[Node]:
    words = _block(graph)
    while len(words) < 64:
        words.append(next_word(graph, words))
    kw = [graph.add(words[t], graph.constant(K[t])) for t in range(FIRST_SHARED, 63)]
    return [*kw, words[63]]


def _first_hash(graph: Graph, kw: list[Node]) -> tuple[list[Node], list[Node]]:
    midstate = [graph.input("midstate", i, Scope.VERSION) for i in range(8)]
    words = _first_words(graph)
    state: State = (*midstate,)  # type: ignore[assignment]  # eight of them
    made = []
    for terms in _terms(graph, words, kw[:-1]):
        state = start_round(graph, state, *terms).next()
        made += [state[4], state[0]]
    # The last round's constant meets the midstate, so that each of its two sums has but one more.
    last = start_round(graph, state, kw[-1])
    k, (_, b, c, d, _, f, g, h) = graph.constant(K[63]), last.next()
    a = graph.add(*last.a_terms, k, midstate[0])
    e = graph.add(state[3], *last.t1, k, midstate[4])
    rest = [graph.add(x, midstate[i]) for i, x in ((1, b), (2, c), (3, d))]
    more = [graph.add(x, midstate[i]) for i, x in ((5, f), (6, g), (7, h))]
    return [a, *rest, e, *more], made


def _digest_block(graph: Graph, digest: list[Node]) -> list[Node]:
    return [*digest, *map(graph.constant, [PADDING, *[0] * 6, DIGEST_BITS])]


def _digest_schedule(graph: Graph, digest: list[Node]) -> list[Node]:
    words = _digest_block(graph, digest)
    while len(words) <= LAST_ROUND:
        words.append(next_word(graph, words))
    kw = [graph.add(words[t], graph.constant(K[t])) for t in range(16, LAST_ROUND)]
    # The last word's constant brings what turns the last round's `e` into the hash's last word.
    return [*kw, graph.add(words[LAST_ROUND], graph.constant(K[LAST_ROUND] + IV[7]))]


def _last_word(graph: Graph, digest: list[Node], kw: list[Node]) -> tuple[Node, list[Node]]:
    state, made = initial_state(graph), []
    for t, terms in enumerate(_terms(graph, _digest_block(graph, digest), kw)):
        step = start_round(graph, state, *terms)
        # From round 57 on a moves only to b, c and d, which round 60's `e` no longer reads.
        state = step.next() if t < LAST_ROUND - 3 else step.next_without_a()
        made += [state[4], state[0]]
    return state[4], made


def _terms(graph: Graph, words: list[Node], kw: list[Node]) -> list[tuple[Node, ...]]:
    """Return what each round adds: a constant and a word, and from some round on their sum."""
    apart: list[tuple[Node, ...]] = [(graph.constant(K[t]), x) for t, x in enumerate(words)]
    return [*apart, *((x,) for x in kw)]


def _sums(graph: Graph, words: list[Node], kw: list[Node]) -> list[Node]:
    return [graph.add(*terms) for terms in _terms(graph, words, kw)]
