"""SHA-256 (FIPS 180-4) in terms of a graph's nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from math import isqrt

from stampmill.kernels.graph import WORD, Graph, Node, Op

PADDING = 0x80000000
"""The word behind a message: a one, and zeros (section 5.1.1)."""

HEADER_BITS, DIGEST_BITS = 640, 256
"""The lengths of a block header and of a digest, as the padding's last word says them."""

State = tuple[Node, Node, Node, Node, Node, Node, Node, Node]
"""The words a to h."""


def _primes(wanted: int) -> list[int]:
    found = (n for n in count(2) if all(n % d for d in range(2, isqrt(n) + 1)))
    return list(islice(found, wanted))


def _root(number: int, degree: int) -> int:
    """Return the highest whole number whose power is not above."""
    low, high = 0, number + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**degree > number else (middle, high)
    return low


# Sections 4.2.2 and 5.3.3: the fractions of cube and square roots of the first primes, in 32 bits.
K = tuple(_root(prime << 3 * 32, 3) & WORD for prime in _primes(64))
IV = tuple(_root(prime << 2 * 32, 2) & WORD for prime in _primes(8))


def big_sigma0(graph: Graph, x: Node) -> Node:
    """Return section 4.1.2's function of `a`."""
    return _xor3(graph, x, (Op.ROTR, 2), (Op.ROTR, 13), (Op.ROTR, 22))


def big_sigma1(graph: Graph, x: Node) -> Node:
    """Return section 4.1.2's function of `e`."""
    return _xor3(graph, x, (Op.ROTR, 6), (Op.ROTR, 11), (Op.ROTR, 25))


def small_sigma0(graph: Graph, x: Node) -> Node:
    """Return section 4.1.2's function of a schedule word 15 rounds back."""
    return _xor3(graph, x, (Op.ROTR, 7), (Op.ROTR, 18), (Op.SHR, 3))


def small_sigma1(graph: Graph, x: Node) -> Node:
    """Return section 4.1.2's function of a schedule word 2 rounds back."""
    return _xor3(graph, x, (Op.ROTR, 17), (Op.ROTR, 19), (Op.SHR, 10))


def next_word(graph: Graph, words: Sequence[Node]) -> Node:
    """Return the schedule's next word (section 6.2.2) from the 16 or more before it."""
    sigma0, sigma1 = small_sigma0(graph, words[-15]), small_sigma1(graph, words[-2])
    return graph.add(words[-16], words[-7], sigma0, sigma1)


@dataclass(frozen=True, slots=True)
class Round:
    """A round's parts (section 6.2.2); T1 is a sum of several terms, which may meet others."""

    graph: Graph
    state: State
    t1: tuple[Node, ...]

    @property
    def e(self) -> Node:
        """The new e."""
        return self.graph.add(self.state[3], *self.t1)

    @property
    def a_terms(self) -> tuple[Node, ...]:
        """What the new a is the sum of."""
        a, b, c, *_ = self.state
        maj = self.graph.apply(Op.MAJ, a, b, c)
        return maj, big_sigma0(self.graph, a), *self.t1

    @property
    def a(self) -> Node:
        """The new a."""
        return self.graph.add(*self.a_terms)

    def next(self) -> State:
        """Return the state after the round."""
        return _state(self.a, self.state, self.e)

    def next_without_a(self) -> State:
        """Return the state after a round whose a nobody needs: what stands there is of no use."""
        return _state(self.state[0], self.state, self.e)


def start_round(graph: Graph, state: State, *kw: Node) -> Round:
    """Begin a round; the terms kw are its constant and schedule word, or their sum."""
    _, _, _, _, e, f, g, h = state
    terms = (h, *kw, graph.apply(Op.CH, e, f, g), big_sigma1(graph, e))
    # A sum of one word of a nonce with others is as cheap to make twice, with more of these in it.
    many = sum(node.scope == max(term.scope for term in terms) for node in terms) > 1
    return Round(graph, state, (graph.add(*terms),) if many else terms)


def compress(graph: Graph, state: State, block: Sequence[Node]) -> State:
    """Take a block into the state (section 6.2.2), with nothing left out."""
    words, after = list(block), state
    for t, k in enumerate(K):
        if t >= len(words):
            words.append(next_word(graph, words))
        after = start_round(graph, after, graph.constant(k), words[t]).next()
    a, b, c, d, e, f, g, h = (graph.add(x, y) for x, y in zip(state, after, strict=True))
    return a, b, c, d, e, f, g, h


def initial_state(graph: Graph) -> State:
    """Return the words that every hash starts from."""
    a, b, c, d, e, f, g, h = map(graph.constant, IV)
    return a, b, c, d, e, f, g, h


def _state(a: Node, before: State, e: Node) -> State:
    return a, before[0], before[1], before[2], e, before[4], before[5], before[6]


def _xor3(graph: Graph, x: Node, *parts: tuple[Op, int]) -> Node:
    return graph.apply(Op.XOR3, *(graph.apply(op, x, number=count) for op, count in parts))
