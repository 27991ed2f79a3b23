"""The judge itself: it takes a real node's chain, and refuses what that node would let pass."""

from pathlib import Path

import pytest

from .judge import replay
from .node import ADDRESS, SEGWIT_HEIGHT, Node


def test_core_takes_the_chain_of_bcoin_with_its_transactions(node: Node, tmp_path: Path) -> None:
    txids = node.add_transactions(3)
    node.rpc("generatetoaddress", 1, ADDRESS)
    tip = node.rpc("getblock", node.rpc("getbestblockhash"), True)
    assert set(txids) <= set(tip["tx"])
    assert replay(node.blocks(), tmp_path) == node.height > SEGWIT_HEIGHT


def test_core_refuses_a_block_without_its_coinbase_witness(node: Node, tmp_path: Path) -> None:
    node.rpc("generatetoaddress", 1, ADDRESS)
    blocks = node.blocks()
    stripped = _without_witness(blocks[-1])
    with pytest.raises(AssertionError, match=f"block {node.height} was refused"):
        replay([*blocks[:-1], stripped], tmp_path)


def _without_witness(block: bytes) -> bytes:
    """Return a block of a coinbase alone in the serialization from before BIP 144."""
    header, count, coinbase = block[:80], block[80:81], block[81:]
    assert count == b"\x01"
    assert coinbase[4:6] == b"\x00\x01"
    # Behind the outputs: one stack item of 32 bytes, then the lock time.
    assert coinbase[-38:-36] == b"\x01\x20"
    return header + count + coinbase[:4] + coinbase[6:-38] + coinbase[-4:]
