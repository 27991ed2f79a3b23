"""Emulated TMP1075 and TMP451, the two thermometers of an EmberOne00."""

from stampmill.core.backends.asic.control import sensors
from stampmill.core.emulator.peripherals.registers import RegisterFile


class EmulatedTmp1075:
    """Twelve bits, high byte first."""

    def __init__(self) -> None:
        self.celsius = 25.0

    def write(self, data: bytes) -> None:
        """Take a register's number; the temperature is the only one."""

    def read(self, count: int) -> bytes:
        """Return the temperature."""
        word = round(self.celsius * 16) << 4 & 0xFFFF
        return word.to_bytes(2, "big")[:count].ljust(count, b"\0")


class EmulatedTmp451(RegisterFile):
    """The remote diode."""

    def __init__(self) -> None:
        super().__init__({})
        self.celsius = 25.0
        self.open = False

    def load(self, register: int) -> int:
        """Return one byte of what is measured."""
        sixteenths = max(0, round(self.celsius * 16))
        match register:
            case sensors.TMP451_REMOTE:
                return min(127, sixteenths >> 4)
            case sensors.TMP451_REMOTE_FRACTION:
                return (sixteenths & 15) << 4
            case sensors.TMP451_STATUS:
                return 0x04 if self.open else 0
        return super().load(register)
