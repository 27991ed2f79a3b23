"""A hash whose rounds are a loop, for sets with few registers.

A round in the midst of a hash does the same as the one before it. In a straight line, two hashes
made of a set's few operations are more code than a first-level cache holds. A loop of eight rounds
leaves every word of the state in its place, so nothing is moved from one turn to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stampmill.kernels.graph import Node
from stampmill.kernels.listing import Chain, chain
from stampmill.kernels.search import Search

ROUNDS = 8
"""Rounds in one turn of a loop."""

_PATTERN = 24
"""The first of the rounds that a loop's turns are made after: any from 16 on will do."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """Some rounds in a line, some in a loop, and what comes of them in a line."""

    begin: int  # the first round of the loop
    turns: int
    head: Chain  # the rounds before the loop
    before: tuple[Node, ...]  # the state that the loop begins with
    body: Chain  # one turn: it reads `read` and `added`, and makes `made`
    read: tuple[Node, ...]
    added: tuple[Node, ...]  # constant plus schedule word of each round
    made: tuple[Node, ...]  # in the order of `read`
    after: tuple[Node, ...]  # the state that the loop ends with
    foot: Chain
    foot_kw: Mapping[Node, int]  # what it reads of constant plus schedule word, by round


def first_hash(search: Search) -> Rolled:
    """Return the first hash. Its rounds 0 to 6 know some words of the state beforehand."""
    return _rolled(search.first, search.first_kw, range(7, 63), search.digest)


def second_hash(search: Search) -> Rolled:
    """Return the second hash. Its rounds 57 to 60 leave out what does not get to the last word."""
    return _rolled(search.second, search.second_kw, range(9, 57), [search.clear])


def loop_kw(search: Search) -> tuple[Node, ...]:
    """Return constant plus schedule word of the first hash, from its loop on."""
    begin, shared = first_hash(search).begin, len(search.first_kw) - len(search.schedule)
    return (*search.first_kw[begin:shared], *search.schedule)


def second_loop_kw(search: Search) -> tuple[Node, ...]:
    """Return the same of the second hash."""
    return search.second_kw[second_hash(search).begin :]


def _rolled(
    made: Sequence[Node], kw: Sequence[Node], loop: range, outputs: Sequence[Node]
) -> Rolled:
    turn = made[2 * _PATTERN : 2 * (_PATTERN + ROUNDS)]
    read, added = _state(made, _PATTERN), kw[_PATTERN : _PATTERN + ROUNDS]
    after, foot_kw = _state(made, loop.stop), {kw[t]: t for t in range(loop.stop, len(kw))}
    return Rolled(
        loop.start,
        len(loop) // ROUNDS,
        chain(made[: 2 * loop.start]),
        _state(made, loop.start),
        chain(turn, [*read, *added]),
        read,
        tuple(added),
        tuple(turn[8:]),
        after,
        chain(outputs, [*after, *foot_kw]),
        foot_kw,
    )


def _state(made: Sequence[Node], t: int) -> tuple[Node, ...]:
    """Return the state before round t: the words that the four rounds before it have made."""
    return tuple(made[2 * t - 8 : 2 * t])
