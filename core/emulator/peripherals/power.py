"""What each kind of emulated board has on its I2C bus and pins."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

from stampmill.core.backends.asic.control import emc2101, emc2103, emc2302, tps546
from stampmill.core.backends.asic.control.bitaxe_12v import HEX_OFFSET, TMP1075_ADDRESSES
from stampmill.core.backends.asic.control.emberone import (
    IO_POWER_PIN,
    POWER_PIN,
    TMP451_ADDRESS,
    TMP1075_ADDRESS,
)
from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.emulator.peripherals.emc2101 import EmulatedEmc2101
from stampmill.core.emulator.peripherals.emc2103 import EmulatedEmc2103
from stampmill.core.emulator.peripherals.emc2302 import EmulatedEmc2302
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.emulator.peripherals.registers import Device
from stampmill.core.emulator.peripherals.thermometers import EmulatedTmp451, EmulatedTmp1075
from stampmill.core.emulator.peripherals.tps546 import EmulatedTps546

_EXCESS_AMPERES = 60.0
_USB_VOLTS = 0.6


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


class _RegulatedPower(ABC):
    """A TPS546, whatever cools it."""

    range: tuple[float, float]
    variant = Variant.V0
    supply: float
    """Volts that its own supply gives."""
    sagging: float
    """What is left of them where the supply is too weak."""

    def __init__(self) -> None:
        self.regulator = EmulatedTps546()
        self.regulator.vin = self.supply
        self.bus: Mapping[int, Device] = {tps546.ADDRESS: self.regulator}

    @property
    def vin(self) -> float:
        """Volts that come in."""
        return self.regulator.vin

    @property
    @abstractmethod
    def fan_percent(self) -> float:
        """How fast the fan is told to turn."""

    @abstractmethod
    def show_fan(self, celsius: float, faults: set[PowerFault]) -> None:
        """Let fans and thermometers see how it stands."""

    def volts(self, pins: Mapping[int, bool]) -> float:  # noqa: ARG002  another board's need them
        """Return what the chips get."""
        return self.regulator.volts

    def show(self, celsius: float, watts: float, faults: set[PowerFault]) -> None:
        """Let the sensors see how it stands."""
        self.show_fan(celsius, faults)
        regulator = self.regulator
        volts = regulator.volts
        regulator.amperes = watts / volts if volts else 0.0
        if PowerFault.OVER_CURRENT in faults and watts > 1:
            regulator.amperes = _EXCESS_AMPERES
        if PowerFault.NO_SUPPLY in faults:
            regulator.vin = _USB_VOLTS
        elif PowerFault.UNDER_VOLTAGE in faults and watts > 1:
            regulator.vin = self.sagging
        else:
            regulator.vin = self.supply
        if PowerFault.WRONG_REGULATOR in faults:
            regulator.identity = b"TI\x12\x34\x56\x78"
        regulator.check()


class _OneFanPower(_RegulatedPower):
    """One fan, whose controller sees the chips' diodes too."""

    address: int
    manufacturer: int
    """The controller's, on the bus, and its register for who made it."""

    def __init__(self, fan: EmulatedEmc2101 | EmulatedEmc2103) -> None:
        super().__init__()
        self.fan = fan
        self.bus = {self.address: fan, **self.bus}

    @property
    def fan_percent(self) -> float:
        """How fast the fan is told to turn."""
        return self.fan.fan_percent

    def show_fan(self, celsius: float, faults: set[PowerFault]) -> None:
        """Let fan and diodes see how it stands."""
        self.fan.celsius = celsius
        self.fan.open = PowerFault.OPEN_DIODE in faults
        self.fan.stuck = PowerFault.STUCK_FAN in faults
        if PowerFault.WRONG_FAN_CHIP in faults:
            self.fan.registers[self.manufacturer] = 0x41


class BitaxePower(_OneFanPower):
    """EMC2101 and TPS546."""

    range = (1.0, 2.0)
    supply, sagging = 5.1, 4.2
    faults = frozenset(PowerFault)
    address, manufacturer = emc2101.ADDRESS, emc2101.Register.MANUFACTURER

    def __init__(self) -> None:
        self._emc2101 = EmulatedEmc2101()
        super().__init__(self._emc2101)

    def show_fan(self, celsius: float, faults: set[PowerFault]) -> None:
        """Let fan and diode see how it stands."""
        super().show_fan(celsius, faults)
        self._emc2101.shorted = PowerFault.SHORTED_DIODE in faults


class HexPower(_RegulatedPower):
    """EMC2302, two TMP1075 that are cooler than the chips, and a TPS546 over three domains."""

    range = (2.5, 4.5)
    supply, sagging = 12.1, 10.2
    faults = frozenset(PowerFault) - {PowerFault.OPEN_DIODE, PowerFault.SHORTED_DIODE}

    def __init__(self) -> None:
        super().__init__()
        self.fans = EmulatedEmc2302()
        self.thermometers = {address: EmulatedTmp1075() for address in TMP1075_ADDRESSES}
        self.bus = {emc2302.ADDRESS: self.fans, **self.thermometers, **self.bus}

    @property
    def fan_percent(self) -> float:
        """How fast the slower fan is told to turn."""
        return self.fans.fan_percent

    def show_fan(self, celsius: float, faults: set[PowerFault]) -> None:
        """Let fans and thermometers see how it stands."""
        broken = {PowerFault.ZERO_TEMPERATURE, PowerFault.NEGATIVE_TEMPERATURE} & faults
        for thermometer in self.thermometers.values():
            # A sensor that fails shows this itself, whatever is added to it.
            thermometer.celsius = celsius - HEX_OFFSET - (HEX_OFFSET if broken else 0.0)
        self.fans.stuck = PowerFault.STUCK_FAN in faults
        if PowerFault.WRONG_FAN_CHIP in faults:
            self.fans.registers[emc2302.Register.MANUFACTURER] = 0x41


class TurboPower(_OneFanPower):
    """EMC2103 and a TPS546 of two phases."""

    range = (1.0, 3.0)
    supply, sagging = 12.1, 10.2
    faults = frozenset(PowerFault) - {PowerFault.SHORTED_DIODE}
    address, manufacturer = emc2103.ADDRESS, emc2103.Register.MANUFACTURER

    def __init__(self) -> None:
        super().__init__(EmulatedEmc2103())


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
