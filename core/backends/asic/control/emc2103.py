"""EMC2103, fan controller and thermometer of two diodes: registers to numbers, and its bring-up.

Microchip EMC2103 data sheet; order from ESP-Miner `main/thermal/EMC2103.c`.
"""

from enum import IntEnum

from stampmill.core.backends.asic.control.gauges import SensorFault
from stampmill.core.backends.asic.control.steps import Ask, Step, check, write

ADDRESS = 0x2E
MANUFACTURER = 0x5D
PRODUCTS = (0x24, 0x26)
"""EMC2103-1, and -2 and -4."""

_FAULT = 0x8000
_TACH = 7_864_320  # for the range after power-on
_STOPPED = 0x1FFF
_FULL = 255


class Register(IntEnum):
    """Registers, one byte each; of temperatures and of the tachometer the high byte."""

    FIRST_DIODE = 0x02
    SECOND_DIODE = 0x04
    CONFIGURATION = 0x20
    PWM_CONFIGURATION = 0x2A
    FAN_SETTING = 0x40
    TACH = 0x4E
    PRODUCT = 0xFD
    MANUFACTURER = 0xFE


def temperature(high: int, low: int) -> float | SensorFault:
    """Return degC: a signed byte and eighths in the top three bits of the other."""
    word = high << 8 | low
    if word == _FAULT:
        return SensorFault.OPEN_DIODE
    if low & 0x1F:
        return SensorFault.IMPOSSIBLE
    return (word - 0x10000 if word >= 0x8000 else word) / 256


def duty(percent: float) -> int:
    """Return FAN_SETTING for a part of full speed; raise ValueError outside 0 to 100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a fan runs at 0 to 100 %, not {percent}")
    return int(_FULL * percent // 100)


def rpm(high: int, low: int) -> int:
    """Return turns per minute, 0 for a fan that stands still: 13 bits, left-aligned."""
    count = (high << 8 | low) >> 3
    return 0 if count in {0, _STOPPED} else _TACH // count


def fan_step(percent: float) -> Ask:
    """Set the fan's speed."""
    return write("fan setting", ADDRESS, Register.FAN_SETTING, bytes([duty(percent)]))


def setup_steps() -> tuple[Step, ...]:
    """Return identity checks, configuration and full speed."""
    return (
        check("fan controller EMC2103", ADDRESS, Register.MANUFACTURER, bytes([MANUFACTURER])),
        check(
            "fan controller's product",
            ADDRESS,
            Register.PRODUCT,
            *(bytes([product]) for product in PRODUCTS),
        ),
        write("fan controller's configuration", ADDRESS, Register.CONFIGURATION, b"\x00"),
        write("PWM configuration", ADDRESS, Register.PWM_CONFIGURATION, b"\x00"),
        fan_step(100),
    )
