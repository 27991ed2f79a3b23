"""EMC2101 fan controller and thermometer: registers to numbers, and its bring-up.

Microchip EMC2101 data sheet; order from mujina `board/bitaxe.rs`, ideality and beta from ESP-Miner.
"""

from enum import IntEnum

from stampmill.core.backends.asic.control.gauges import SensorFault
from stampmill.core.backends.asic.control.steps import (
    Ask,
    Pause,
    SetBits,
    Step,
    check,
    write,
)

ADDRESS = 0x4C
MANUFACTURER = 0x5D
PRODUCTS = (0x16, 0x28)
"""EMC2101 and EMC2101-R."""

FULL_DUTY = 63
TACH_INPUT = 0x04
"""In CONFIGURATION: pin 6 is the tachometer, not an alert."""

_OPEN, _SHORTED = 0x3F8, 0x3FF
_TACH_HERTZ = 5_400_000
_NO_FAN_RPM = 100
"""The slowest count that the register holds is 82 rpm, and what it shows without a fan."""


class Register(IntEnum):
    """Registers, one byte each."""

    INTERNAL_TEMPERATURE = 0x00
    EXTERNAL_TEMPERATURE = 0x01
    CONFIGURATION = 0x03
    EXTERNAL_FRACTION = 0x10
    IDEALITY = 0x17
    BETA = 0x18
    TACH_LOW = 0x46
    TACH_HIGH = 0x47
    FAN_CONFIGURATION = 0x4A
    FAN_DUTY = 0x4C
    PRODUCT = 0xFD
    MANUFACTURER = 0xFE
    REVISION = 0xFF


def temperature(whole: int, fraction: int) -> float | SensorFault:
    """Return degC of the external diode: 11 bits, two's complement, eighths in the top three."""
    if fraction & 0x1F:
        return SensorFault.IMPOSSIBLE  # those bits are always zero: some other answer, or an error
    word = whole << 3 | fraction >> 5
    if word == _OPEN:
        return SensorFault.OPEN_DIODE
    if word == _SHORTED:
        return SensorFault.SHORTED_DIODE
    return (word - 0x800 if word >= 0x400 else word) / 8


def duty(percent: float) -> int:
    """Return FAN_DUTY for a part of full speed; raise ValueError outside 0 to 100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a fan runs at 0 to 100 %, not {percent}")
    return int(FULL_DUTY * percent // 100)


def rpm(low: int, high: int) -> int:
    """Return turns per minute, 0 for a fan that stands still or is not there."""
    count = high << 8 | low
    turns = _TACH_HERTZ // count if count else 0
    return turns if turns >= _NO_FAN_RPM else 0


def fan_step(percent: float) -> Ask:
    """Set the fan's speed."""
    return write("fan duty", ADDRESS, Register.FAN_DUTY, bytes([duty(percent)]))


def setup_steps(ideality: int, beta: int) -> tuple[Step, ...]:
    """Return identity checks, tachometer, PWM, full speed, and constants of the chip's diode."""
    return (
        check("fan controller EMC2101", ADDRESS, Register.MANUFACTURER, bytes([MANUFACTURER])),
        check(
            "fan controller's product",
            ADDRESS,
            Register.PRODUCT,
            *(bytes([product]) for product in PRODUCTS),
        ),
        SetBits("tachometer input", ADDRESS, Register.CONFIGURATION, TACH_INPUT),
        Pause(0.01),
        write("fan configuration", ADDRESS, Register.FAN_CONFIGURATION, b"\x23"),
        fan_step(100),
        write("diode ideality", ADDRESS, Register.IDEALITY, bytes([ideality])),
        write("diode beta", ADDRESS, Register.BETA, bytes([beta])),
    )
