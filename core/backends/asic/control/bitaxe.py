"""Bitaxe boards with an EMC2101 and a TPS546: Gamma 600-603, Supra 402/403, Ultra 207.

Order of mujina `board/bitaxe.rs`. The boards differ in chip and voltage only, and their USB strings
are equal: they are powered at a voltage that suits all, and told apart by their chip.
"""

from collections.abc import Sequence

from stampmill.core.backends.asic.control import emc2101, limits, pmbus, tps546
from stampmill.core.backends.asic.control.gauges import Decode, Gauge, Kind, SensorFault
from stampmill.core.backends.asic.control.profile import Profile, Stage, reset_step
from stampmill.core.backends.asic.control.requests import I2cFrequency, I2cWrite
from stampmill.core.backends.asic.control.steps import Ask, Pause, Step, read
from stampmill.core.backends.asic.control.thermal import ThermalLimits

I2C_HERTZ = 100_000

_GAMMA_IDEALITY, _GAMMA_BETA = 0x24, 0x00
"""ESP-Miner writes them on Gamma; that on-die diode is what all three chips have."""


def voltage_steps(volts: float) -> tuple[Step, ...]:
    """Return how to change the voltage of a powered board; reset has to be low."""
    return (tps546.command_step(volts), Pause(0.1))


def stages(
    fan: tuple[Step, ...], regulator: tps546.RegulatorLimits, start_volts: float
) -> tuple[Stage, ...]:
    """Return the bring-up of a board with a TPS546: its fans first, its voltage last."""
    return (
        Stage("reset low", (reset_step(high=False),)),
        Stage("I2C", (Ask("I2C frequency", I2cFrequency(I2C_HERTZ)),)),
        Stage("fan", fan),
        Stage("regulator", tps546.identify_steps()),
        Stage("regulator limits", tps546.limit_steps(regulator, start_volts)),
        Stage("core voltage", tps546.on_steps(start_volts), heats=True),
        Stage("settle", (Pause(0.5),)),
    )


def _diode(data: Sequence[bytes]) -> float | SensorFault:
    return emc2101.temperature(data[0][0], data[1][0])


def _rpm(data: Sequence[bytes]) -> float:
    return emc2101.rpm(data[0][0], data[1][0])


def _word(data: Sequence[bytes]) -> float:
    return pmbus.from_bytes(data[0])


def _linear11(data: Sequence[bytes]) -> float:
    return pmbus.from_linear11(pmbus.from_bytes(data[-1]))


def _volts(data: Sequence[bytes]) -> float:
    return tps546.volts(data[0])


def _regulator(
    name: str, register: tps546.Register, decode: Decode = _linear11, kind: Kind = Kind.NOTE
) -> Gauge:
    return Gauge(name, kind, (read(tps546.ADDRESS, register, 2),), decode)


def _fans(percent: float) -> tuple[Ask, ...]:
    return (emc2101.fan_step(percent),)


REGULATOR_GAUGES = (
    _regulator("status word", tps546.Register.STATUS_WORD, _word, Kind.REGULATOR),
    _regulator("input volts", tps546.Register.READ_VIN),
    _regulator("core volts", tps546.Register.READ_VOUT, _volts),
    Gauge(
        "core amperes",
        Kind.NOTE,
        (
            I2cWrite(tps546.ADDRESS, bytes([tps546.Register.PHASE, 0xFF])),  # all phases' sum
            read(tps546.ADDRESS, tps546.Register.READ_IOUT, 2),
        ),
        _linear11,
    ),
    _regulator("regulator temperature", tps546.Register.READ_TEMPERATURE),
)
"""What a TPS546 tells; over domains in series its voltage is that of all together."""

_GAUGES = (
    Gauge(
        "chip temperature",
        Kind.CHIP,
        (
            read(emc2101.ADDRESS, emc2101.Register.EXTERNAL_TEMPERATURE, 1),
            read(emc2101.ADDRESS, emc2101.Register.EXTERNAL_FRACTION, 1),
        ),
        _diode,
    ),
    Gauge(
        "fan",
        Kind.FAN,
        (
            # The low byte first: reading it holds the high one.
            read(emc2101.ADDRESS, emc2101.Register.TACH_LOW, 1),
            read(emc2101.ADDRESS, emc2101.Register.TACH_HIGH, 1),
        ),
        _rpm,
    ),
    *REGULATOR_GAUGES,
)

BITAXE = Profile(
    name="bitaxe",
    stages=stages(
        emc2101.setup_steps(_GAMMA_IDEALITY, _GAMMA_BETA),
        tps546.FIVE_VOLT,
        limits.BITAXE_START_VOLTS,
    ),
    power_off=(tps546.off_step(),),
    gauges=_GAUGES,
    thermal=ThermalLimits(),
    models=limits.BITAXES,
    fans=_fans,
    voltage=voltage_steps,
    start_volts=limits.BITAXE_START_VOLTS,
)
