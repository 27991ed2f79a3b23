"""The graph of the nonce search, evaluated in Python against hashlib."""

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.kernels.evaluate import Mutant, evaluate, last_word, midstate, mutants
from stampmill.kernels.graph import Graph, Scope, reach
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


def is_right(search: Search, mutant: Mutant | None = None) -> bool:
    """The check that a search has to pass, on headers enough that one reads what others hide."""
    return all(
        last_word(search, prefix, nonce, mutant=mutant)[0] == hash_word(prefix, nonce)
        for prefix, nonce in HEADERS
    )


@either
@given(prefix=st.binary(min_size=76, max_size=76), nonce=st.integers(0, 2**32 - 1))
def test_last_word_is_that_of_hashlib(search: Search, prefix: bytes, nonce: int) -> None:
    assert last_word(search, prefix, nonce)[0] == hash_word(prefix, nonce)


@pytest.mark.parametrize("shift", [0, 1, 8, 31])
def test_only_a_last_word_without_the_mask_s_bits_may_be_a_hit(shift: int) -> None:
    mask, nonces = 1 << shift, range(40)
    results = [last_word(SEPARATE, bytes(76), nonce, mask) for nonce in nonces]
    assert [bool(clear) for _, clear in results] == [not last & mask for last, _ in results]
    assert {clear for _, clear in results} == {0, 0xFFFFFFFF}


def test_each_wrong_constant_and_each_wrong_rotation_is_caught() -> None:
    assert is_right(SEPARATE)
    nodes = reach([*SEPARATE.schedule, *SEPARATE.digest, SEPARATE.last])
    changed = list(mutants(nodes))
    assert len(changed) > 1300
    survivors = [mutant for mutant in changed if is_right(SEPARATE, mutant)]
    assert not survivors


def test_constants_are_those_of_the_standard() -> None:
    # FIPS 180-4, 4.2.2 and 5.3.3: the first and last of each.
    assert (K[0], K[63]) == (0x428A2F98, 0xC67178F2)
    assert (IV[0], IV[7]) == (0x6A09E667, 0x5BE0CD19)
    assert len(set(K)) == 64


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
