"""Emulated TPS546: remembers what it is told, switches an output, latches faults."""

from stampmill.core.backends.asic.control import pmbus
from stampmill.core.backends.asic.control.tps546 import (
    EXPONENT,
    IDENTITIES,
    OPERATION_ON,
    VOUT_MODE,
    Register,
    Status,
)

# Numbers, not flags: these are looked at some thousand times in an emulated minute.
_ON = bytes([OPERATION_ON])
_FAULT_BITS = int(Status.VOUT_OV | Status.IOUT_OC | Status.VIN_UV | Status.TEMPERATURE)
_SUMS = {Status.VOUT_OV: Status.VOUT, Status.IOUT_OC: Status.IOUT, Status.VIN_UV: Status.INPUT}


class EmulatedTps546:
    """`volts` is what comes out. The board sets `vin` and `amperes`, and calls `check`."""

    def __init__(self) -> None:
        self.identity = IDENTITIES[1]
        self.stored: dict[int, bytes] = {}
        self.vin = 5.1
        self.amperes = 0.0
        self.celsius = 40.0
        self.latched = 0
        self._selected = 0

    @property
    def operating(self) -> bool:
        """Tell whether the output is on."""
        return self._enabled and self.vin >= self._number(Register.VIN_ON, 2.5)

    @property
    def commanded(self) -> float:
        """Volts that VOUT_COMMAND asks for."""
        return pmbus.from_linear16(
            pmbus.from_bytes(self.stored.get(Register.VOUT_COMMAND, b"\0\0")), EXPONENT
        )

    @property
    def volts(self) -> float:
        """Return what comes out."""
        return self.commanded if self.operating else 0.0

    @property
    def status(self) -> int:
        """STATUS_WORD."""
        word = self.latched
        if not self.operating:
            word |= Status.OFF | Status.POWER_NOT_GOOD
        if self.vin < self._number(Register.VIN_ON, 2.5):
            word |= Status.VIN_UV | Status.INPUT
        return word

    def check(self) -> None:
        """Latch what is out of the limits that were written, while the output should be on."""
        if not self._enabled:
            return
        if self.amperes > self._number(Register.IOUT_OC_FAULT_LIMIT, 40):
            self._latch(Status.IOUT_OC)
        if self.vin < self._number(Register.VIN_OFF, 2.5):
            self._latch(Status.VIN_UV)
        if self.celsius > self._number(Register.OT_FAULT_LIMIT, 145):
            self._latch(Status.TEMPERATURE)

    def write(self, data: bytes) -> None:
        """Take a command."""
        if not data:
            return
        self._selected = data[0]
        if data[0] == Register.CLEAR_FAULTS:
            self.latched = 0
        elif len(data) > 1:
            self.stored[data[0]] = data[1:]

    def read(self, count: int) -> bytes:
        """Return the command's value, FF where it has no more."""
        return self._value(self._selected)[:count].ljust(count, b"\xff")

    @property
    def _enabled(self) -> bool:
        return self.stored.get(Register.OPERATION) == _ON and not self.latched & _FAULT_BITS

    def _latch(self, fault: Status) -> None:
        self.latched |= int(fault | _SUMS.get(fault, 0))

    def _value(self, register: int) -> bytes:
        match register:
            case Register.IC_DEVICE_ID:
                return bytes([len(self.identity)]) + self.identity
            case Register.VOUT_MODE:
                return bytes([VOUT_MODE])
            case Register.STATUS_WORD:
                return pmbus.to_bytes(self.status)
            case Register.READ_VOUT:
                return pmbus.to_bytes(pmbus.linear16(self.volts, EXPONENT))
        if register in (measured := self._measured()):
            return pmbus.to_bytes(pmbus.linear11(measured[register]))
        return self.stored.get(register, b"\0\0")

    def _measured(self) -> dict[int, float]:
        return {
            Register.READ_VIN: self.vin,
            Register.READ_IOUT: self.amperes if self.operating else 0.0,
            Register.READ_TEMPERATURE: self.celsius,
        }

    def _number(self, register: Register, default: float) -> float:
        """Compare what was written as a number: several words mean the same."""
        word = self.stored.get(register)
        return default if word is None else pmbus.from_linear11(pmbus.from_bytes(word))
