"""From a coinbase and a branch to a merkle root, and whole trees."""

from hashlib import sha256
from typing import Any

import pytest

from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.chain.merkle import branch_of_first, root, root_from_branch


def hashes(count: int) -> list[bytes]:
    """Return so many different hashes."""
    return [sha256(number.to_bytes(2, "big")).digest() for number in range(count)]


@pytest.mark.parametrize("branches", [0, 12])
def test_root_of_an_extranonce(benchmark: Any, branches: int) -> None:
    """What each new extranonce2 costs."""
    branch = hashes(branches)
    made = benchmark(lambda: root_from_branch(coinbase_txid(bytes(60), b"", bytes(8), b""), branch))
    assert len(made) == 32


def test_branch_of_a_full_block(benchmark: Any) -> None:
    """What a node's template of 4,000 transactions costs when mining alone."""
    others = hashes(3999)
    branch = benchmark(branch_of_first, others)
    assert root_from_branch(bytes(32), branch) == root([bytes(32), *others])
