"""A device on an emulated I2C bus: a register file with side effects."""

from typing import Protocol


class Device(Protocol):
    """What answers at one address."""

    def write(self, data: bytes) -> None:
        """Take the bytes of one write: a register's number, then what goes in."""

    def read(self, count: int) -> bytes:
        """Return bytes from the register that was named last."""


class RegisterFile:
    """Bytes by register number. A write names the first, and fills it and those behind it."""

    def __init__(self, registers: dict[int, int]) -> None:
        self.registers = registers
        self._selected = 0

    def write(self, data: bytes) -> None:
        """Select a register and store what comes with it."""
        if not data:
            return
        self._selected = data[0]
        for offset, value in enumerate(data[1:]):
            self.store(self._selected + offset, value)

    def read(self, count: int) -> bytes:
        """Return the selected register and those behind it."""
        return bytes(self.load(self._selected + offset) for offset in range(count))

    def store(self, register: int, value: int) -> None:
        """Take one byte."""
        self.registers[register] = value

    def load(self, register: int) -> int:
        """Return one byte; a register that nobody knows reads as zero."""
        return self.registers.get(register, 0)
