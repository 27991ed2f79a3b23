"""BM13xx replies: nonces and register values, chip to host, of 9 or 11 bytes."""

from dataclasses import dataclass

from stampmill.core.backends.asic.wire.crc import crc5

TO_HOST = b"\xaa\x55"
"""The start marker of everything a chip sends; no check sum covers it."""

SHORT_REPLY = 9
"""Bytes of a reply until version rolling is switched on (0xA4), and always on the BM1397."""
LONG_REPLY = 11

_REGISTER = 0
_NONCE = 4


@dataclass(frozen=True, slots=True)
class NonceReply:
    """A nonce that a chip found.

    `nonce` is the four header bytes. `chunk` is the next two bytes as one number, which each chip
    fills in its own way. `version` is the chip's version counter; None in a short reply.
    """

    nonce: bytes
    chunk: int
    version: int | None = None

    def encode(self) -> bytes:
        """Return the frame, start marker and CRC5 included."""
        version = b"" if self.version is None else self.version.to_bytes(2, "big")
        return _sealed(self.nonce + self.chunk.to_bytes(2, "big") + version, _NONCE)


@dataclass(frozen=True, slots=True)
class RegisterReply:
    """The value of a register. `extra` is the two bytes of unknown meaning in a long reply."""

    value: int
    address: int
    register: int
    extra: bytes = b""

    def encode(self) -> bytes:
        """Return the frame, start marker and CRC5 included."""
        head = self.value.to_bytes(4, "big") + bytes((self.address, self.register))
        return _sealed(head + self.extra, _REGISTER)


Reply = NonceReply | RegisterReply


def decode_reply(frame: bytes) -> Reply | None:
    """Return the reply of a frame of 9 or 11 bytes, or None if its CRC5 or type is wrong."""
    if crc5(frame[2:]) != 0:  # the CRC over a whole frame, its own CRC included, is zero
        return None
    kind, body = frame[-1] >> 5, frame[2:-1]
    if kind == _NONCE:
        version = int.from_bytes(body[6:], "big") if len(body) > 6 else None
        return NonceReply(body[:4], int.from_bytes(body[4:6], "big"), version)
    if kind == _REGISTER:
        return RegisterReply(int.from_bytes(body[:4], "big"), body[4], body[5], body[6:])
    return None


def _sealed(body: bytes, kind: int) -> bytes:
    crc = crc5(body + bytes((kind << 5,)), 8 * len(body) + 3)
    return TO_HOST + body + bytes((kind << 5 | crc,))
