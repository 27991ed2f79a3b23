"""The variable-length integers and byte strings of Bitcoin's serialization."""

import struct

from stampmill.core.errors import EncodingError


def compact_size(number: int) -> bytes:
    """Return a count the way Bitcoin writes it: one byte below 253, else a marker and 2, 4 or 8."""
    if number < 0xFD:
        return bytes([number])
    if number <= 0xFFFF:
        return b"\xfd" + struct.pack("<H", number)
    if number <= 0xFFFFFFFF:
        return b"\xfe" + struct.pack("<I", number)
    return b"\xff" + struct.pack("<Q", number)


def sized(data: bytes) -> bytes:
    """Return the bytes with their length in front."""
    return compact_size(len(data)) + data


class Reader:
    """Reads a serialization from its start; raises EncodingError where it ends too soon."""

    __slots__ = ("_data", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return len(self._data) - self.position

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        if size > self.remaining:
            raise EncodingError(f"{size} bytes wanted, {self.remaining} left")
        self.position += size
        return self._data[self.position - size : self.position]

    def peek(self, size: int) -> bytes:
        """Return the next bytes, or what is left of them, without going on."""
        return self._data[self.position : self.position + size]

    def unsigned(self, size: int) -> int:
        """Return a little-endian number of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def compact_size(self) -> int:
        """Return a count; raise EncodingError if a shorter form would have held it."""
        first = self.unsigned(1)
        if first < 0xFD:
            return first
        size = 1 << first - 0xFC
        number = self.unsigned(size)
        # A count with two forms would give one transaction two serializations.
        if len(compact_size(number)) != 1 + size:
            raise EncodingError(f"the count {number} is not in its shortest form")
        return number

    def sized(self) -> bytes:
        """Return a byte string with its length in front."""
        return self.take(self.compact_size())
