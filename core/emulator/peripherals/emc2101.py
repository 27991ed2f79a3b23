"""Emulated EMC2101: its identity, the diode, the fan's speed and its turns."""

from stampmill.core.backends.asic.control.emc2101 import (
    FULL_DUTY,
    MANUFACTURER,
    PRODUCTS,
    TACH_INPUT,
    Register,
)
from stampmill.core.emulator.peripherals.registers import RegisterFile

FULL_RPM = 7200
_TACH_HERTZ = 5_400_000
_OPEN = 0x3F8
_SHORTED = 0x3FF
_STOPPED = 0xFFFF


class EmulatedEmc2101(RegisterFile):
    """Shows `celsius` and turns a fan; the board sets the former and reads `fan_percent`."""

    def __init__(self) -> None:
        super().__init__(
            {
                Register.MANUFACTURER: MANUFACTURER,
                Register.PRODUCT: PRODUCTS[0],
                Register.REVISION: 1,
                Register.INTERNAL_TEMPERATURE: 30,
            }
        )
        self.celsius = 25.0
        self.open = self.shorted = self.stuck = False

    @property
    def fan_percent(self) -> float:
        """How fast the fan is told to turn."""
        return min(100.0, 100 * self.registers.get(Register.FAN_DUTY, 0) / FULL_DUTY)

    @property
    def turning_percent(self) -> float:
        """How fast it does turn."""
        return 0.0 if self.stuck else self.fan_percent

    def load(self, register: int) -> int:
        """Return one byte of what is measured, or of what was stored."""
        match register:
            case Register.EXTERNAL_TEMPERATURE:
                return self._diode >> 3
            case Register.EXTERNAL_FRACTION:
                return (self._diode & 7) << 5
            case Register.TACH_LOW:
                return self._count & 0xFF
            case Register.TACH_HIGH:
                return self._count >> 8
        return super().load(register)

    @property
    def _diode(self) -> int:
        if self.open:
            return _OPEN
        return _SHORTED if self.shorted else round(self.celsius * 8) & 0x7FF

    @property
    def _count(self) -> int:
        listening = self.registers.get(Register.CONFIGURATION, 0) & TACH_INPUT
        turns = FULL_RPM * self.turning_percent / 100
        return min(_STOPPED, int(_TACH_HERTZ / turns)) if turns and listening else _STOPPED
