"""BM13xx commands: addresses and registers, host to chip."""

from dataclasses import dataclass
from enum import IntEnum

from stampmill.core.backends.asic.wire.crc import crc5

TO_CHIP = b"\x55\xaa"
"""The start marker of everything a host sends; no check sum covers it."""

_COMMAND = 2 << 5
_ALL_CHIPS = 1 << 4


class Operation(IntEnum):
    """What a command asks for: the low four bits of its header."""

    SET_ADDRESS = 0
    WRITE = 1
    READ = 2
    CHAIN_INACTIVE = 3


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `value` is an unsigned 32-bit register value; only a write has one."""

    operation: Operation
    all_chips: bool = False
    address: int = 0
    register: int = 0
    value: int = 0

    def encode(self) -> bytes:
        """Return the frame, start marker and CRC5 included."""
        header = _COMMAND | self.all_chips << 4 | self.operation
        value = self.value.to_bytes(4, "big") if self.operation is Operation.WRITE else b""
        body = bytes((header, 5 + len(value), self.address, self.register)) + value
        return TO_CHIP + body + bytes((crc5(body),))


def write(register: int, value: int, address: int | None = None) -> Command:
    """Write a register of the chip with this address, or of all."""
    return Command(Operation.WRITE, address is None, address or 0, register, value)


def read(register: int, address: int | None = None) -> Command:
    """Read a register of the chip with this address, or of all."""
    return Command(Operation.READ, address is None, address or 0, register)


def set_address(address: int) -> Command:
    """Give the first chip without an address this one."""
    return Command(Operation.SET_ADDRESS, address=address)


def chain_inactive() -> Command:
    """Stop every chip from forwarding, to address them one by one."""
    return Command(Operation.CHAIN_INACTIVE, all_chips=True)


def command_size(frame: bytes) -> int | None:
    """Return the size of the command that the bytes begin, or None if they begin none.

    Needs the marker, the header and the length byte.
    """
    header, length = frame[2], frame[3]
    if header & ~_ALL_CHIPS not in _HEADERS:
        return None
    return 2 + length if length == _LENGTHS[Operation(header & 0x0F)] else None


def decode_command(frame: bytes) -> Command | None:
    """Return the command of a frame cut by `command_size`, or None if its CRC5 is wrong."""
    if crc5(frame[2:-1]) != frame[-1]:
        return None
    value = int.from_bytes(frame[6:-1], "big")
    header = frame[2]
    all_chips = bool(header & _ALL_CHIPS)
    return Command(Operation(header & 0x0F), all_chips, frame[4], frame[5], value)


_HEADERS = frozenset(_COMMAND | operation for operation in Operation)
_LENGTHS = {operation: 9 if operation is Operation.WRITE else 5 for operation in Operation}
