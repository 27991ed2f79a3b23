"""The coinbase transaction as a miner sees it: two parts around the extranonces."""

from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError

_BEFORE_SCRIPT = 4 + 1 + 36 + 1
"""Version, count of inputs, the null outpoint, and the script's length (100 bytes at most)."""


def coinbase_txid(
    coinbase1: bytes, extranonce1: bytes, extranonce2: bytes, coinbase2: bytes
) -> bytes:
    """Return the txid, internal byte order, of the coinbase without its witness."""
    return sha256d(coinbase1 + extranonce1 + extranonce2 + coinbase2)


def height_push(height: int) -> bytes:
    """Return the script push of a block height that BIP34 wants in front of the coinbase script.

    Minimal encoding: one opcode up to 16, then a length byte and the number little-endian with its
    sign bit kept free.
    """
    if height < 0:
        raise EncodingError(f"a block height is not negative: {height}")
    if height == 0:
        return b"\x00"
    if height <= 16:
        return bytes([0x50 + height])  # OP_1 .. OP_16
    size = height.bit_length() // 8 + 1
    return bytes([size]) + height.to_bytes(size, "little")


def height_in(coinbase1: bytes) -> int | None:
    """Return the block height that the first part of a coinbase says (BIP34), or None."""
    script = coinbase1[_BEFORE_SCRIPT:]
    if not script:
        return None
    size = script[0]
    if size == 0 or 0x51 <= size <= 0x60:  # OP_0, OP_1 .. OP_16
        return size and size - 0x50
    pushed = script[1 : 1 + size]
    # Four bytes last for eight thousand years; a coinbase before BIP34 holds anything.
    return int.from_bytes(pushed, "little") if size <= 4 and len(pushed) == size else None
