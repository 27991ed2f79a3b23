"""The coinbase transaction as a miner sees it: two parts around the extranonces."""

from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError


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
