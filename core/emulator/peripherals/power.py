"""What two kinds of emulated boards have on their I2C bus and pins."""

from collections.abc import Mapping
from typing import Protocol

from stampmill.core.backends.asic.control import emc2101, tps546
from stampmill.core.backends.asic.control.emberone import (
    IO_POWER_PIN,
    POWER_PIN,
    TMP451_ADDRESS,
    TMP1075_ADDRESS,
)
from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.emulator.peripherals.emc2101 import EmulatedEmc2101
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.emulator.peripherals.registers import Device
from stampmill.core.emulator.peripherals.thermometers import EmulatedTmp451, EmulatedTmp1075
from stampmill.core.emulator.peripherals.tps546 import EmulatedTps546

_EXCESS_AMPERES = 60.0
_USB_VOLTS, _SAGGING_VOLTS, _SUPPLY_VOLTS = 0.6, 4.2, 5.1


class Power(Protocol):
    """A board's regulator, fan and thermometers."""

    bus: Mapping[int, Device]
    """Devices by address."""
    range: tuple[float, float]
    """Core volts at which the chips work, and which must never be left while powered."""
    variant: Variant
    """What its firmware speaks."""
    faults: frozenset[PowerFault]
    """What can be wrong with it."""

    @property
    def vin(self) -> float:
        """Volts that come in."""

    @property
    def fan_percent(self) -> float:
        """How fast the fan is told to turn."""

    def volts(self, pins: Mapping[int, bool]) -> float:
        """Return what the chips get."""

    def show(self, celsius: float, watts: float, faults: set[PowerFault]) -> None:
        """Let the sensors see how it stands."""


BUS_FAULTS = frozenset(
    (PowerFault.NAK, PowerFault.TIMEOUT, PowerFault.ZERO_DATA, PowerFault.LOST_REPLY,
     PowerFault.HOT_SENSOR, PowerFault.OPEN_DIODE, PowerFault.ZERO_TEMPERATURE,
     PowerFault.NEGATIVE_TEMPERATURE)
)  # fmt: skip
"""What can be wrong with any board that has thermometers on a bus."""


class BitaxePower:
    """EMC2101 and TPS546."""

    range = (1.0, 2.0)
    variant = Variant.V0
    faults = frozenset(PowerFault)

    def __init__(self) -> None:
        self.fan = EmulatedEmc2101()
        self.regulator = EmulatedTps546()
        self.bus: Mapping[int, Device] = {
            emc2101.ADDRESS: self.fan,
            tps546.ADDRESS: self.regulator,
        }

    @property
    def vin(self) -> float:
        """Volts that come in."""
        return self.regulator.vin

    @property
    def fan_percent(self) -> float:
        """How fast the fan is told to turn."""
        return self.fan.fan_percent

    def volts(self, pins: Mapping[int, bool]) -> float:  # noqa: ARG002  another board's need them
        """Return what the chips get."""
        return self.regulator.volts

    def show(self, celsius: float, watts: float, faults: set[PowerFault]) -> None:
        """Let the sensors see how it stands."""
        self._show_fan(celsius, faults)
        regulator = self.regulator
        volts = regulator.volts
        regulator.amperes = watts / volts if volts else 0.0
        if PowerFault.OVER_CURRENT in faults and watts > 1:
            regulator.amperes = _EXCESS_AMPERES
        if PowerFault.NO_SUPPLY in faults:
            regulator.vin = _USB_VOLTS
        elif PowerFault.UNDER_VOLTAGE in faults and watts > 1:
            regulator.vin = _SAGGING_VOLTS
        else:
            regulator.vin = _SUPPLY_VOLTS
        if PowerFault.WRONG_REGULATOR in faults:
            regulator.identity = b"TI\x12\x34\x56\x78"
        regulator.check()

    def _show_fan(self, celsius: float, faults: set[PowerFault]) -> None:
        self.fan.celsius = celsius
        self.fan.open = PowerFault.OPEN_DIODE in faults
        self.fan.shorted = PowerFault.SHORTED_DIODE in faults
        self.fan.stuck = PowerFault.STUCK_FAN in faults
        if PowerFault.WRONG_FAN_CHIP in faults:
            self.fan.registers[emc2101.Register.MANUFACTURER] = 0x41


class EmberOnePower:
    """Two thermometers; power by pins, at a fixed voltage. Its fans are not ours to turn."""

    range = (3.0, 4.5)
    variant = Variant.V1
    faults = BUS_FAULTS | {PowerFault.STUCK_FAN}
    fan_percent = 100.0
    vin = 12.0

    def __init__(self) -> None:
        self.left = EmulatedTmp1075()
        self.right = EmulatedTmp451()
        self.bus: Mapping[int, Device] = {
            TMP1075_ADDRESS: self.left,
            TMP451_ADDRESS: self.right,
        }

    def volts(self, pins: Mapping[int, bool]) -> float:
        """Return what the chips get: both supplies have to be on."""
        return 3.6 if pins[POWER_PIN] and pins[IO_POWER_PIN] else 0.0

    def show(self, celsius: float, watts: float, faults: set[PowerFault]) -> None:  # noqa: ARG002
        """Let the sensors see how it stands."""
        self.left.celsius = self.right.celsius = celsius
        self.right.open = PowerFault.OPEN_DIODE in faults
