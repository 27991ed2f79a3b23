"""EMC2302, a controller of two fans: registers to numbers, and its bring-up.

Microchip EMC2302 data sheet; order and range from ESP-Miner `main/thermal/EMC2302.c`.
"""

from enum import IntEnum

from stampmill.core.backends.asic.control.steps import Ask, Step, check, write

ADDRESS = 0x2F
MANUFACTURER = 0x5D
PRODUCT = 0x36

FANS = (0, 1)
CONFIGURATION = 0x0B
"""As after power-on, but counted from 500 rpm on; no closed loop."""

_TACH = 3_932_160  # for the range from 500 rpm
_STOPPED = 0xFF
_FULL = 255
_BETWEEN_FANS = 0x10


class Register(IntEnum):
    """Registers of the first fan, one byte each; those of the second are 10 (hex) behind."""

    FAN_SETTING = 0x30
    FAN_CONFIGURATION = 0x32
    TACH = 0x3E
    """The high byte; the low one follows, and reading the first holds it."""
    PRODUCT = 0xFD
    MANUFACTURER = 0xFE


def of_fan(register: Register, fan: int) -> int:
    """Return a register's number for a fan, 0 or 1."""
    return register + _BETWEEN_FANS * fan


def duty(percent: float) -> int:
    """Return FAN_SETTING for a part of full speed; raise ValueError outside 0 to 100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a fan runs at 0 to 100 %, not {percent}")
    return int(_FULL * percent // 100)


def rpm(high: int, low: int) -> int:
    """Return turns per minute, 0 for a fan that stands still: 13 bits, left-aligned."""
    count = high << 5 | low >> 3
    return 0 if high == _STOPPED or not count else _TACH // count


def fan_steps(percent: float) -> tuple[Ask, ...]:
    """Set the speed of both fans."""
    setting = bytes([duty(percent)])
    return tuple(
        write(f"fan {fan + 1} setting", ADDRESS, of_fan(Register.FAN_SETTING, fan), setting)
        for fan in FANS
    )


def setup_steps() -> tuple[Step, ...]:
    """Return identity checks, range and full speed of both fans."""
    ranges = tuple(
        write(
            f"fan {fan + 1} configuration",
            ADDRESS,
            of_fan(Register.FAN_CONFIGURATION, fan),
            bytes([CONFIGURATION]),
        )
        for fan in FANS
    )
    return (
        check("fan controller EMC2302", ADDRESS, Register.MANUFACTURER, bytes([MANUFACTURER])),
        check("fan controller's product", ADDRESS, Register.PRODUCT, bytes([PRODUCT])),
        *ranges,
        *fan_steps(100),
    )
