"""The graph of the nonce search, evaluated in Python against hashlib."""

import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampmill.kernels.evaluate import (
    Mutant,
    evaluate,
    header_inputs,
    last_word,
    midstate,
    mutants,
)
from stampmill.kernels.graph import Graph, Node, Op, Scope, compute, reach
from stampmill.kernels.search import Search, build
from stampmill.kernels.sha256 import IV, K, compress, initial_state

SEPARATE, WHOLE = build(separate=True), build(separate=False)
RANDOM = random.Random(1)
HEADERS = [(RANDOM.randbytes(76), RANDOM.getrandbits(32)) for _ in range(12)]

either = pytest.mark.parametrize("search", [SEPARATE, WHOLE], ids=["in parts", "whole"])


def hash_word(prefix: bytes, nonce: int) -> int:
    """The hash's last word, as SHA-256 emits it."""
    digest = sha256(sha256(prefix + nonce.to_bytes(4, "little")).digest()).digest()
    return int.from_bytes(digest[28:], "big")


class Flat:
    """A search as one list, whose values of a header are kept: of a mutant only the rest is done.

    `evaluate` does the same from the beginning, for each of some thousand mutants.
    """

    def __init__(self, search: Search) -> None:
        self._rows: list[tuple[Node, list[int]]] = []
        self._place: dict[Node, int] = {}
        made: dict[str, tuple[Node, ...]] = {}
        parts = {"kw": search.schedule, "digest": search.digest, "last": (search.last,)}
        for name, outputs in parts.items():
            for node in reach(outputs):
                if node.op is Op.INPUT and node.name in made:
                    self._place[node] = self._place[made[node.name][node.number]]
                elif node not in self._place:
                    self._place[node] = len(self._rows)
                    self._rows.append((node, [self._place[x] for x in node.operands]))
            made[name] = outputs
        self._last = self._place[search.last]

    def values(self, prefix: bytes, nonce: int) -> list[int]:
        """Return what each row is for a header: the last word at the end."""
        inputs, values = header_inputs(prefix, nonce), list[int]()
        for node, operands in self._rows:
            if node.op is Op.INPUT:
                values.append(inputs[node.name][node.number])
            elif node.op is Op.CONSTANT:
                values.append(node.number)
            else:
                values.append(compute(node.op, [values[i] for i in operands], node.number))
        return values

    def last_word(self, values: list[int], mutant: Mutant) -> int:
        """Return it for a mutant, from the values without it."""
        values, (first, wrong) = values[:], self._wrong(values, mutant)
        values[first] = wrong
        for place, (node, operands) in enumerate(self._rows[first + 1 :], first + 1):
            if operands:
                values[place] = compute(node.op, [values[i] for i in operands], node.number)
        return values[self._last]

    def _wrong(self, values: list[int], mutant: Mutant) -> tuple[int, int]:
        node = mutant.user or mutant.node
        read = [
            mutant.number if x is mutant.node else values[self._place[x]] for x in node.operands
        ]
        number = node.number if mutant.user else mutant.number
        return self._place[node], compute(node.op, read, number)


@either
@settings(max_examples=25)  # the mutants below take what one wrong number needs to be seen
@given(prefix=st.binary(min_size=76, max_size=76), nonce=st.integers(0, 2**32 - 1))
def test_last_word_is_that_of_hashlib(search: Search, prefix: bytes, nonce: int) -> None:
    assert last_word(search, prefix, nonce)[0] == hash_word(prefix, nonce)


@pytest.mark.parametrize("shift", [0, 1, 8, 31])
def test_only_a_last_word_without_the_mask_s_bits_may_be_a_hit(shift: int) -> None:
    mask, nonces = 1 << shift, range(16)
    results = [last_word(SEPARATE, bytes(76), nonce, mask) for nonce in nonces]
    assert [bool(clear) for _, clear in results] == [not last & mask for last, _ in results]
    assert {clear for _, clear in results} == {0, 0xFFFFFFFF}


def test_each_wrong_constant_and_each_wrong_rotation_is_caught() -> None:
    flat = Flat(SEPARATE)
    # Headers enough that one reads what others hide.
    known = [(flat.values(*header), hash_word(*header)) for header in HEADERS]
    assert all(values[-1] == right for values, right in known)
    changed = list(mutants(reach([*SEPARATE.schedule, *SEPARATE.digest, SEPARATE.last])))
    assert len(changed) > 1300
    for mutant in changed:
        assert any(flat.last_word(values, mutant) != right for values, right in known), mutant
    for mutant in changed[::100]:
        evaluated = last_word(SEPARATE, *HEADERS[0], mutant=mutant)[0]
        assert evaluated == flat.last_word(known[0][0], mutant)


def test_constants_are_those_of_the_standard() -> None:
    # FIPS 180-4, 4.2.2 and 5.3.3: the first and last of each.
    assert (K[0], K[63]) == (0x428A2F98, 0xC67178F2)
    assert (IV[0], IV[7]) == (0x6A09E667, 0x5BE0CD19)
    assert len(set(K)) == 64


@settings(max_examples=25)
@given(st.binary(max_size=55))
def test_hash_of_constants_folds_to_constants(message: bytes) -> None:
    padded = message + b"\x80" + bytes(55 - len(message)) + (8 * len(message)).to_bytes(8, "big")
    words = tuple([int.from_bytes(padded[i : i + 4], "big") for i in range(0, 64, 4)])
    digest = b"".join(word.to_bytes(4, "big") for word in midstate(words))
    assert digest == sha256(message).digest()


def test_hash_of_words_that_vary_is_the_same() -> None:
    graph, block = Graph(), tuple([i * 0x01234567 for i in range(16)])
    inputs = [graph.input("block", i, Scope.LANE) for i in range(16)]
    outputs = compress(graph, initial_state(graph), inputs)
    values = evaluate(reach(outputs), {"block": block})
    assert [values[node] for node in outputs] == [*midstate(block)]
