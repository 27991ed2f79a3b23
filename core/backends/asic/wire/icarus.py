"""Icarus and its kin: 64 bytes of work out, nonces of 4 bytes in; no frames, no check sums."""

from stampmill.core.backends.asic.wire.words import reverse_words
from stampmill.core.errors import EncodingError

WORK_SIZE = 64
NONCE_SIZE = 4

_STATE = slice(0, 32)
_TAIL = slice(52, 64)

GOLDEN_WORK = bytes.fromhex(
    "4679ba4ec99876bf4bfe086082b400254df6c356451471139a3afa71e48f544a"
    "0000000000000000000000000000000000000000"
    "87320b1a1426674f2fa722ce"
)
"""Work of main-chain block 171874, which every driver detects devices by."""
GOLDEN_NONCE = bytes.fromhex("000187a2")
GOLDEN_HASHES = 0x187A2 + 1
"""How many hashes it takes to find."""

DIVISION_WORK = bytes.fromhex(
    "2e4c8f91fd595d2d7ea20aaacb64a2a04382860277cf26b6a1ee04c56a5b504a"
    "0000000000000000000000000000000000000000"
    "6461011ac906a951fb9b3c73"
)
"""Its first nonce tells into how many parts a device divides the nonces (bfgminer)."""
_DIVISIONS = {bytes.fromhex("04c0fdb4"): 1, bytes.fromhex("417c0f36"): 4}
_UNKNOWN_DIVISION = 2


def encode_work(midstate: bytes, tail: bytes) -> bytes:
    """Return the bytes of work: for a midstate, words H0 first, and header bytes 64 to 75."""
    if len(midstate) != 32 or len(tail) != 12:
        raise EncodingError("Icarus work is a midstate of 32 bytes and 12 more of the header")
    return reverse_words(midstate) + bytes(20) + reverse_words(tail)


def decode_work(work: bytes) -> tuple[bytes, bytes]:
    """Return midstate and header bytes 64 to 75 of 64 bytes of work."""
    return reverse_words(work[_STATE]), reverse_words(work[_TAIL])


def division_of(nonce: bytes) -> int:
    """Return into how many parts a device divides the nonces that answers DIVISION_WORK so."""
    return _DIVISIONS.get(nonce, _UNKNOWN_DIVISION)
