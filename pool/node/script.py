"""The few scripts that a regtest pool writes."""

from hashlib import sha256

from stampmill.core.chain import merkle
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError

OP_TRUE = b"\x51"
OP_TRUE_SCRIPT = b"\x00\x20" + sha256(OP_TRUE).digest()
"""P2WSH of OP_TRUE: whoever shows the one-byte script may spend it, with no signature."""

COMMITMENT_PREFIX = bytes.fromhex("6a24aa21a9ed")
"""OP_RETURN, a push of 36 bytes, and the header of a witness commitment (BIP141)."""

WITNESS_RESERVED = bytes(32)
"""The coinbase's only witness item (BIP141)."""


def push(data: bytes) -> bytes:
    """Return the script that pushes 1 to 75 bytes; raise EncodingError for any other number."""
    if not 1 <= len(data) <= 75:
        raise EncodingError(f"a plain push holds 1 to 75 bytes, not {len(data)}")
    return bytes([len(data)]) + data


def commitment_script(wtxids: list[bytes], reserved: bytes = WITNESS_RESERVED) -> bytes:
    """Return the output script that commits to the witnesses of all but the coinbase.

    The wtxids are in internal byte order and in block order; the coinbase counts as zeros.
    """
    root = merkle.root([bytes(32), *wtxids])
    return COMMITMENT_PREFIX + sha256d(root + reserved)
