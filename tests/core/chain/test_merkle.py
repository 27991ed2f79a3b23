from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain import merkle
from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.chain.sha256d import sha256d
from tests.core.vectors import VECTORS, Vector, named

txids = st.binary(min_size=32, max_size=32)


def unhex(texts: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(map(bytes.fromhex, texts))


@pytest.mark.parametrize("vector", named("merkle", "extranonce1"))
def test_root_of_a_captured_job(vector: Vector) -> None:
    parts = (vector[name] for name in ("coinbase1", "extranonce1", "extranonce2", "coinbase2"))
    root = merkle.root_from_branch(coinbase_txid(*unhex(parts)), unhex(vector["branches"]))
    assert root.hex() == vector["merkle_root_header_order"]


def test_branch_and_root_of_a_node_template() -> None:
    block = VECTORS["getblocktemplate"]
    others = [bytes.fromhex(tx["txid"])[::-1] for tx in block["template"]["transactions"]]
    coinbase = sha256d(bytes.fromhex(block["coinbase_legacy"]))
    assert merkle.branch_of_first(others) == unhex(block["merkle_branch"])
    assert merkle.root([coinbase, *others]).hex() == block["merkle_root"]


@given(txids, st.lists(txids, max_size=40))
def test_the_branch_leads_to_the_root_of_the_whole_tree(first: bytes, others: list[bytes]) -> None:
    branch = merkle.branch_of_first(others)
    assert merkle.root_from_branch(first, branch) == merkle.root([first, *others])


@given(st.lists(txids, max_size=300))
def test_a_branch_is_as_long_as_the_tree_is_high(others: list[bytes]) -> None:
    assert len(merkle.branch_of_first(others)) == len(others).bit_length()


def test_the_root_of_one_leaf_is_the_leaf() -> None:
    assert merkle.root([b"\x01" * 32]) == b"\x01" * 32


def test_an_odd_level_repeats_its_last_leaf() -> None:
    a, b, c = (bytes([n]) * 32 for n in (1, 2, 3))
    assert merkle.root([a, b, c]) == sha256d(sha256d(a + b) + sha256d(c + c))


def test_inputs_are_left_as_they_were() -> None:
    others = [bytes([n]) * 32 for n in range(5)]
    merkle.branch_of_first(others)
    merkle.root(others)
    assert others == [bytes([n]) * 32 for n in range(5)]
