"""The 80-byte block header."""

import struct
from dataclasses import dataclass

from stampmill.core.chain.sha256d import sha256d
from stampmill.core.errors import EncodingError

HEADER_SIZE = 80
"""Header bytes in front of the nonce."""

_LAYOUT = struct.Struct("<I32s32sIII")
_WORD = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Header:
    """A block header's six fields.

    Hashes are 32 bytes in header order (the reverse of what explorers print); the integers are
    unsigned 32-bit and little-endian on the wire.
    """

    version: int
    previous_hash: bytes
    merkle_root: bytes
    ntime: int
    nbits: int
    nonce: int = 0

    def to_bytes(self) -> bytes:
        """Return the 80 header bytes; raise EncodingError if a field does not fit."""
        if len(self.previous_hash) != 32 or len(self.merkle_root) != 32:
            raise EncodingError("previous hash and merkle root are 32 bytes each")
        try:
            return _LAYOUT.pack(
                self.version, self.previous_hash, self.merkle_root,
                self.ntime, self.nbits, self.nonce,
            )  # fmt: skip
        except struct.error as error:
            raise EncodingError(f"header field out of range: {error}") from error

    @classmethod
    def from_bytes(cls, data: bytes) -> "Header":
        """Read 80 header bytes; raise EncodingError on any other length."""
        if len(data) != HEADER_SIZE:
            raise EncodingError(f"a header is 80 bytes, not {len(data)}")
        return cls(*_LAYOUT.unpack(data))

    def hash(self) -> bytes:
        """Return the block hash, 32 bytes in header order."""
        return sha256d(self.to_bytes())


def with_nonce(prefix: bytes, nonce: int) -> bytes:
    """Return the 80 header bytes for a 76-byte prefix and a nonce."""
    return prefix + _WORD.pack(nonce)


def with_version(prefix: bytes, version: int) -> bytes:
    """Return the header bytes with their version replaced."""
    return _WORD.pack(version) + prefix[4:]


def display(block_hash: bytes) -> str:
    """Return a hash the way explorers and nodes print it: byte-reversed hex."""
    return block_hash[::-1].hex()
