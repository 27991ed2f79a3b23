"""Emulated EMC2103: its identity, two diodes, the fan's speed and its turns."""

from stampmill.core.backends.asic.control.emc2103 import MANUFACTURER, PRODUCTS, Register
from stampmill.core.emulator.peripherals.registers import RegisterFile

FULL_RPM = 7200
_TACH = 7_864_320
_STOPPED = 0x1FFF
_FULL = 255
_OPEN = 0x8000


class EmulatedEmc2103(RegisterFile):
    """Shows `celsius` and turns a fan; the board sets the former and reads `fan_percent`."""

    def __init__(self) -> None:
        super().__init__({Register.MANUFACTURER: MANUFACTURER, Register.PRODUCT: PRODUCTS[0]})
        self.celsius = 25.0
        self.open = self.stuck = False

    @property
    def fan_percent(self) -> float:
        """How fast the fan is told to turn."""
        return 100 * self.registers.get(Register.FAN_SETTING, 0) / _FULL

    def load(self, register: int) -> int:
        """Return one byte of what is measured, or of what was stored."""
        for high, word in self._measured().items():
            if register in {high, high + 1}:
                return word >> 8 if register == high else word & 0xFF
        return super().load(register)

    def _measured(self) -> dict[int, int]:
        diode = _OPEN if self.open else round(self.celsius * 8) << 5 & 0xFFFF
        turns = 0.0 if self.stuck else FULL_RPM * self.fan_percent / 100
        count = min(int(_TACH / turns), _STOPPED) if turns else _STOPPED
        return {
            Register.FIRST_DIODE: diode,
            Register.SECOND_DIODE: diode,
            Register.TACH: count << 3,
        }
