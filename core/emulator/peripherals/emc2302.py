"""Emulated EMC2302: its identity, two fans' speeds and their turns."""

from stampmill.core.backends.asic.control.emc2302 import (
    FANS,
    MANUFACTURER,
    PRODUCT,
    Register,
    of_fan,
)
from stampmill.core.emulator.peripherals.registers import RegisterFile

FULL_RPM = 4200
_TACH = 3_932_160
_STOPPED = 0x1FFF
_FULL = 255


class EmulatedEmc2302(RegisterFile):
    """Turns two fans; the board reads `fan_percent`, that of the slower one."""

    def __init__(self) -> None:
        super().__init__({Register.MANUFACTURER: MANUFACTURER, Register.PRODUCT: PRODUCT})
        self.stuck = False

    @property
    def fan_percent(self) -> float:
        """How fast the slower fan is told to turn."""
        settings = (self.registers.get(of_fan(Register.FAN_SETTING, fan), 0) for fan in FANS)
        return 100 * min(settings) / _FULL

    def load(self, register: int) -> int:
        """Return one byte of what is measured, or of what was stored."""
        for fan in FANS:
            high = of_fan(Register.TACH, fan)
            if register in {high, high + 1}:
                word = self._count(fan) << 3
                return word >> 8 if register == high else word & 0xFF
        return super().load(register)

    def _count(self, fan: int) -> int:
        setting = self.registers.get(of_fan(Register.FAN_SETTING, fan), 0)
        turns = 0 if self.stuck else FULL_RPM * setting / _FULL
        return min(int(_TACH / turns), _STOPPED) if turns else _STOPPED
