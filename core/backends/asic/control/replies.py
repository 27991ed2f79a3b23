"""Replies of the bitaxe-raw control port in its three variants, for both of its ends.

V0 counts data bytes on success and the whole packet on an error; `TOTAL` always counts the whole
packet and has no status; V1 counts the whole packet and has a status byte.
"""

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum

from stampmill.core.backends.asic.control.requests import (
    MAX_PACKET_BYTES,
    AdcRead,
    GpioGet,
    GpioSet,
    I2cFrequency,
    I2cRead,
    I2cWrite,
    I2cWriteRead,
    LedSet,
    Request,
)

REPLY_SECONDS = 1.0
"""How long a host waits for a reply before it throws away what it has (mujina)."""


class Variant(Enum):
    """Which of the three reply shapes a firmware speaks."""

    V0 = "v0"
    TOTAL = "total"
    V1 = "v1"


class Code(IntEnum):
    """What a firmware answers instead of data."""

    TIMEOUT = 0x10
    INVALID_COMMAND = 0x11
    BUFFER_OVERFLOW = 0x12
    """On Bonanza bridges: denied."""
    FAULT = 0x13
    """On Bonanza bridges only."""
    OTHER = 0xFF
    """Followed by text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Success, with the data."""

    id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """The firmware's no. `code` is a Code, or the number of one that nobody documented."""

    id: int
    code: int
    text: str = ""

    def __str__(self) -> str:
        known = {int(code): code.name.lower().replace("_", " ") for code in Code}
        return (
            f"{known.get(self.code, 'error')} (code {self.code:02x}){self.text and ': '}{self.text}"
        )


class Garbage(IntEnum):
    """Bytes that are no reply; the reader has thrown them away."""

    LENGTH = 1
    UNFINISHED = 2


ReplyEvent = Reply | Failure | Garbage

_CODES = frozenset(Code)


def encode_reply(variant: Variant, reply: Reply | Failure) -> bytes:
    """Return the packet that this variant's firmware sends."""
    if variant is Variant.V1:
        return _encode_v1(reply)
    if isinstance(reply, Reply):
        length = len(reply.data) + (3 if variant is Variant.TOTAL else 0)
        return struct.pack("<HB", length, reply.id) + reply.data
    text = reply.text.encode()
    return struct.pack("<HBB", 4 + len(text), reply.id, reply.code) + text


def data_lengths(request: Request) -> frozenset[int] | None:
    """Return how many data bytes a success may have; None: nobody knows."""
    match request:
        case I2cRead(_, count) | I2cWriteRead(_, _, count):
            return frozenset([count])
        case I2cWrite() | I2cFrequency():  # some answer with a count or a status, some with nothing
            return frozenset([0, 1])
        case GpioGet() | GpioSet():
            return frozenset([1])
        case AdcRead():
            return frozenset([2])
        case LedSet():
            return frozenset([0, 3])
    return None


def detect_variant(packet_id: int, answer: bytes) -> Variant | None:
    """Return who answers a GPIO read (pin 0) like this; None for no known firmware's answer."""
    match tuple(answer):
        case (1, 0, answer_id, 0 | 1) if answer_id == packet_id:
            return Variant.V0
        case (4, 0, answer_id, 0 | 1) if answer_id == packet_id:
            return Variant.TOTAL
        case (5, 0, answer_id, 0, 0 | 1) if answer_id == packet_id:
            return Variant.V1
    return None


class ReplyReader:
    """The host's side: cuts bytes into replies.

    Say with `expect` which request is being answered. A V0 error is 4 bytes that claim to be 7:
    where a success may have 4 data bytes only silence tells them apart, so call `silence` when the
    reply's time is up; it returns the error, if that is what lies there, and drops the rest.
    """

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self._buffer = bytearray()
        self._request: Request | None = None

    def expect(self, request: Request) -> None:
        """Await the reply to this, and forget what came before."""
        self._buffer.clear()
        self._request = request

    def feed(self, data: bytes) -> list[ReplyEvent]:
        """Take bytes and return every reply that is now whole."""
        self._buffer += data
        found: list[ReplyEvent] = []
        while len(self._buffer) >= 3 and (event := self._next()) is not None:
            found.append(event)
        return found

    def silence(self) -> Failure | Garbage | None:
        """Give up waiting: return the V0 error that lies there, or drop what else does."""
        left = bytes(self._buffer)
        self._buffer.clear()
        if self.variant is Variant.V0 and _is_v0_error(left):
            return Failure(left[2], left[3])
        return Garbage.UNFINISHED if left else None

    def _next(self) -> ReplyEvent | None:
        if self.variant is Variant.V0 and self._surely_v0_error():
            return self._failure_v0()
        length = int.from_bytes(self._buffer[:2], "little") + 3 * (self.variant is Variant.V0)
        if not self._shortest() <= length <= MAX_PACKET_BYTES:
            self._buffer.clear()
            return Garbage.LENGTH
        if len(self._buffer) < length:
            return None
        packet = bytes(self._buffer[:length])
        del self._buffer[:length]
        return self._parsed(packet)

    def _shortest(self) -> int:
        return 4 if self.variant is Variant.V1 else 3

    def _surely_v0_error(self) -> bool:
        lengths = self._lengths()
        return bool(lengths) and 4 not in lengths and _is_v0_error(bytes(self._buffer[:4]))

    def _failure_v0(self) -> Failure:
        failure = Failure(self._buffer[2], self._buffer[3])
        del self._buffer[:4]
        return failure

    def _parsed(self, packet: bytes) -> Reply | Failure:
        if self.variant is Variant.V1:
            data, status = packet[4:], packet[3]
            return Failure(packet[2], status, _text(data)) if status else Reply(packet[2], data)
        data = packet[3:]
        if self.variant is Variant.TOTAL and self._is_total_error(data):
            return Failure(packet[2], data[0], _text(data[1:]))
        return Reply(packet[2], data)

    def _is_total_error(self, data: bytes) -> bool:
        """Tell by length and code; where one byte is read the two look the same: `is_ambiguous`."""
        if not data or data[0] not in _CODES:
            return False
        if isinstance(self._request, I2cWrite | I2cFrequency):
            written = self._request.data if isinstance(self._request, I2cWrite) else b""
            return len(data) > 1 or data[0] != len(written)
        lengths = self._lengths()
        return bool(lengths) and len(data) not in lengths

    def _lengths(self) -> frozenset[int]:
        known = None if self._request is None else data_lengths(self._request)
        return known or frozenset()


def is_ambiguous(variant: Variant, reply: Reply) -> bool:
    """Tell whether a success may as well be this firmware's error: one byte that is a code.

    Who reads single bytes then asks again for two, where the two shapes differ in length.
    """
    return variant is Variant.TOTAL and len(reply.data) == 1 and reply.data[0] in _CODES


def _encode_v1(reply: Reply | Failure) -> bytes:
    status, data = (
        (0, reply.data) if isinstance(reply, Reply) else (reply.code, reply.text.encode())
    )
    return struct.pack("<HBB", 4 + len(data), reply.id, status) + data


def _is_v0_error(data: bytes) -> bool:
    return len(data) == 4 and data[:2] == b"\x04\x00" and data[3] in _CODES


def _text(data: bytes) -> str:
    return data.decode("ascii", "replace")
