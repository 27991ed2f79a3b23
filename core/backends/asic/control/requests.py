"""Requests of the bitaxe-raw control port, as types and as bytes, for both of its ends.

`LEN(2, low byte first) ID BUS PAGE CMD DATA...`, LEN counting itself. The firmware drops a partial
packet after about 4 ms of silence, so the host writes each in one call. Pages 00 and 09 mean
different things on different firmware; only what every board here has is a type of its own.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from stampmill.core.errors import EncodingError

HEADER_BYTES = 6
MAX_PACKET_BYTES = 256
"""Ours: longer than any request that a board here takes, short enough to bound a reader."""

PARTIAL_SECONDS = 0.004
"""Silence after which the firmware drops what it has of a packet."""


class Page(IntEnum):
    """What a request speaks to."""

    I2C = 0x05
    GPIO = 0x06
    ADC = 0x07
    LED = 0x08
    BOARD = 0x09
    """Fan on Bonanza bridges, reboot on EmberOne00: never sent without knowing the board."""


LED_COLOUR = 0x10
"""The light's only command."""


class I2cCommand(IntEnum):
    """Commands of the I2C page."""

    FREQUENCY = 0x10
    WRITE = 0x20
    READ = 0x30
    WRITE_READ = 0x40


class AdcChannel(IntEnum):
    """Channels of the ADC page."""

    VDD = 0x50
    VIN = 0x51


@dataclass(frozen=True, slots=True)
class I2cFrequency:
    """Set the clock of the bus."""

    hertz: int


@dataclass(frozen=True, slots=True)
class I2cWrite:
    """Write bytes to a 7-bit address."""

    address: int
    data: bytes


@dataclass(frozen=True, slots=True)
class I2cRead:
    """Read `count` bytes from a 7-bit address."""

    address: int
    count: int


@dataclass(frozen=True, slots=True)
class I2cWriteRead:
    """Write bytes, usually a register's number, and read `count` bytes without a stop between."""

    address: int
    data: bytes
    count: int


@dataclass(frozen=True, slots=True)
class GpioSet:
    """Drive a pin."""

    pin: int
    high: bool


@dataclass(frozen=True, slots=True)
class GpioGet:
    """Ask for a pin's level."""

    pin: int


@dataclass(frozen=True, slots=True)
class AdcRead:
    """Ask for a voltage: two bytes, low byte first."""

    channel: AdcChannel


@dataclass(frozen=True, slots=True)
class LedSet:
    """Set the colour of the status light."""

    red: int
    green: int
    blue: int


@dataclass(frozen=True, slots=True)
class Raw:
    """Anything else, by its numbers."""

    page: int
    command: int
    data: bytes = b""


Request = (
    I2cFrequency | I2cWrite | I2cRead | I2cWriteRead | GpioSet | GpioGet | AdcRead | LedSet | Raw
)


@dataclass(frozen=True, slots=True)
class Packet:
    """A request as it came in, with the id that its reply has to carry."""

    id: int
    request: Request
    bus: int = 0


class Unparsable(IntEnum):
    """Why bytes are no request."""

    LENGTH = 1
    """A length that no packet has."""
    PARTIAL = 2
    """The rest did not come in time."""


def encode_request(packet_id: int, request: Request) -> bytes:
    """Return the packet; raise EncodingError for a number that its field cannot hold."""
    raw = _raw(request)
    length = HEADER_BYTES + len(raw.data)
    if length > MAX_PACKET_BYTES:
        raise EncodingError(f"a control request has at most {MAX_PACKET_BYTES} bytes, not {length}")
    try:
        head = struct.pack("<HBBBB", length, packet_id, 0, raw.page, raw.command)
    except struct.error as error:
        raise EncodingError(f"control request {request} with id {packet_id}: {error}") from error
    return head + raw.data


def decode_request(packet: bytes) -> Packet:
    """Return what one whole packet asks; what no type fits comes as Raw."""
    _, packet_id, bus, page, command = struct.unpack_from("<HBBBB", packet)
    raw = Raw(page, command, packet[HEADER_BYTES:])
    try:
        request: Request = _typed(raw)
    except (struct.error, ValueError, IndexError):
        request = raw
    return Packet(packet_id, request, bus)


class RequestReader:
    """The firmware's side: cuts bytes into requests and drops what stays partial.

    Call `expired` when PARTIAL_SECONDS have passed since the last byte.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """Tell whether a packet has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Packet | Unparsable]:
        """Take bytes and return every request that is now whole."""
        self._buffer += data
        found: list[Packet | Unparsable] = []
        while len(self._buffer) >= 2:
            length = int.from_bytes(self._buffer[:2], "little")
            if not HEADER_BYTES <= length <= MAX_PACKET_BYTES:
                # The firmware has no other way to find the next packet than to wait for silence.
                self._buffer.clear()
                found.append(Unparsable.LENGTH)
            elif len(self._buffer) < length:
                break
            else:
                found.append(decode_request(bytes(self._buffer[:length])))
                del self._buffer[:length]
        return found

    def expired(self) -> Unparsable | None:
        """Drop a partial packet."""
        if not self._buffer:
            return None
        self._buffer.clear()
        return Unparsable.PARTIAL


def _raw(request: Request) -> Raw:
    try:
        return _as_raw(request)
    except (struct.error, ValueError) as error:
        raise EncodingError(f"control request {request}: {error}") from error


def _as_raw(request: Request) -> Raw:
    match request:
        case I2cFrequency() | I2cWrite() | I2cRead() | I2cWriteRead():
            return _i2c_as_raw(request)
        case GpioSet(pin, high):
            return Raw(Page.GPIO, pin, bytes([high]))
        case GpioGet(pin):
            return Raw(Page.GPIO, pin)
        case AdcRead(channel):
            return Raw(Page.ADC, channel)
        case LedSet(red, green, blue):
            return Raw(Page.LED, LED_COLOUR, bytes([red, green, blue]))
    return request


def _i2c_as_raw(request: I2cFrequency | I2cWrite | I2cRead | I2cWriteRead) -> Raw:
    match request:
        case I2cFrequency(hertz):
            return Raw(Page.I2C, I2cCommand.FREQUENCY, struct.pack("<I", hertz))
        case I2cWrite(address, data):
            return Raw(Page.I2C, I2cCommand.WRITE, bytes([address]) + data)
        case I2cRead(address, count):
            return Raw(Page.I2C, I2cCommand.READ, bytes([address, count]))
        case I2cWriteRead(address, data, count):
            return Raw(Page.I2C, I2cCommand.WRITE_READ, bytes([address]) + data + bytes([count]))


def _typed(raw: Raw) -> Request:
    match raw.page:
        case Page.I2C:
            return _i2c(raw)
        case Page.GPIO if not raw.data:
            return GpioGet(raw.command)
        case Page.GPIO if len(raw.data) == 1:
            return GpioSet(raw.command, raw.data[0] != 0)
        case Page.ADC if not raw.data:
            return AdcRead(AdcChannel(raw.command))
        case Page.LED if raw.command == LED_COLOUR:
            return LedSet(*struct.unpack("BBB", raw.data))
    return raw


def _i2c(raw: Raw) -> Request:
    data = raw.data
    match I2cCommand(raw.command):
        case I2cCommand.FREQUENCY:
            return I2cFrequency(*struct.unpack("<I", data))
        case I2cCommand.WRITE:
            return I2cWrite(data[0], data[1:])
        case I2cCommand.READ:
            return I2cRead(*struct.unpack("BB", data))
        case I2cCommand.WRITE_READ if len(data) >= 2:
            return I2cWriteRead(data[0], data[1:-1], data[-1])
    return raw
