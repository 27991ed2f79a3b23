"""The order in which each chip is brought up, as data.

Captured from Bitaxe, S21 Pro and S19j Pro, or read from ESP-Miner; never minimised, so nothing is
left out that a capture has.
"""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.chip import table
from stampmill.core.backends.asic.chip.registers import core_register
from stampmill.core.backends.asic.chip.table import Chip

PAUSE = 0.01
"""Seconds between two writes: factory firmware's pace."""


class To(Enum):
    """Which chips a write goes to."""

    ALL = "all"
    EACH = "each"
    """One by one: a block of such writes is done for the first chip, then for the next."""
    FIRST = "first"
    DOMAIN_LAST = "last of each voltage domain"


@dataclass(frozen=True, slots=True)
class Write:
    """A register write, and the seconds to wait behind it."""

    register: int
    value: int
    to: To = To.ALL
    pause: float = PAUSE


class Do(Enum):
    """A step whose frames depend on the chain or on what is wanted of it."""

    ROLL = "let the chips roll versions"
    COUNT = "count the chips"
    ADDRESS = "give each chip its address"
    TICKET = "say what is worth reporting"
    RELAY = "set the gaps between voltage domains"
    RAMP = "go up to the frequency wanted"
    PLACEHOLDER = "send a job that means nothing"
    OFFSETS = "say where each chip begins"
    SWEEP = "say how long a sweep is"
    BAUD = "speed up the line"
    CHECK = "read back what may have been lost"


Step = Write | Do


def sequence_of(chip: Chip) -> tuple[Step, ...]:
    """Return the steps for a chip of the table."""
    return _SEQUENCES[chip.id]


def _each(*writes: tuple[int, int]) -> tuple[Write, ...]:
    return tuple(Write(register, value, To.EACH) for register, value in writes)


_CLOCK_DELAY, _CORE_ENABLE, _CLOCK_SELECT_OLD, _CLOCK_SELECT, _OVERFLOW = 0x00, 0x02, 5, 0x0B, 0x0D
_ENABLE = core_register(_CORE_ENABLE, 0xAA)
_SELECT = core_register(_CLOCK_SELECT, 0x00)
_SELECT_OLD = core_register(_CLOCK_SELECT_OLD, 0x40)

_DELAY_1370 = core_register(_CLOCK_DELAY, 0x0C)
_BM1370: tuple[Step, ...] = (
    Do.ROLL, Do.ROLL, Do.ROLL, Do.COUNT, Do.ROLL,
    Write(r.SOFT_RESET, 0x00070000), Write(r.MISC_CONTROL, 0xF000C100),
    Do.ADDRESS,
    Write(r.CORE_MAILBOX, _SELECT), Write(r.CORE_MAILBOX, _DELAY_1370),
    Do.TICKET, Write(r.DRIVE_STRENGTH, 0x00011111),
    Write(r.DRIVE_STRENGTH, 0x0001F111, To.DOMAIN_LAST), Do.RELAY,
    *_each((r.SOFT_RESET, 0x000701F0), (r.MISC_CONTROL, 0xF000C100), (r.CORE_MAILBOX, _SELECT),
           (r.CORE_MAILBOX, _DELAY_1370), (r.CORE_MAILBOX, _ENABLE)),
    Write(r.ADC_CONTROL, 0x00004480), Write(r.ANALOG_MUX, 2), Write(r.ADC_CONTROL, 0x00004480),
    Write(r.CORE_MAILBOX, core_register(_OVERFLOW, 0xEE)),
    Do.RAMP, Do.PLACEHOLDER, Do.OFFSETS, Do.SWEEP, Do.BAUD, Do.ROLL, Do.CHECK,
)  # fmt: skip

_DELAY_1366 = core_register(_CLOCK_DELAY, 0x20)
_BM1366: tuple[Step, ...] = (
    Do.ROLL, Do.ROLL, Do.ROLL, Do.COUNT,
    Write(r.SOFT_RESET, 0x00070000), Write(r.MISC_CONTROL, 0xFF0FC100),
    Do.ADDRESS,
    Write(r.CORE_MAILBOX, _SELECT_OLD), Write(r.CORE_MAILBOX, _DELAY_1366),
    Do.TICKET, Write(r.ANALOG_MUX, 3), Write(r.DRIVE_STRENGTH, 0x02111111),
    Write(r.DRIVE_STRENGTH, 0x0211F111, To.DOMAIN_LAST),
    Write(r.UART_RELAY, 0x007C0003, To.FIRST),
    *_each((r.SOFT_RESET, 0x000701F0), (r.MISC_CONTROL, 0xF000C100),
           (r.CORE_MAILBOX, _SELECT_OLD), (r.CORE_MAILBOX, _DELAY_1366),
           (r.CORE_MAILBOX, _ENABLE)),
    Do.RAMP, Do.SWEEP, Do.ROLL, Do.BAUD, Do.CHECK,
)  # fmt: skip

# ESP-Miner stops the chain's forwarding before the first writes, and gives addresses after them,
# which a chain of several chips cannot take; NerdQAxePlus keeps the order of the others.
_DELAY_1368 = core_register(_CLOCK_DELAY, 0x18)
_BM1368: tuple[Step, ...] = (
    Do.ROLL, Do.ROLL, Do.ROLL, Do.ROLL, Do.COUNT,
    Write(r.SOFT_RESET, 0x00070000), Write(r.MISC_CONTROL, 0xFF0FC100),
    Do.ADDRESS,
    Write(r.CORE_MAILBOX, _SELECT), Write(r.CORE_MAILBOX, _DELAY_1368),
    Do.TICKET, Write(r.ANALOG_MUX, 3), Write(r.DRIVE_STRENGTH, 0x02111111),
    *_each((r.SOFT_RESET, 0x000701F0), (r.MISC_CONTROL, 0xF000C100), (r.CORE_MAILBOX, _SELECT),
           (r.CORE_MAILBOX, _DELAY_1368)),
    Write(r.CORE_MAILBOX, _ENABLE, To.EACH, pause=0.5),
    Do.TICKET, Do.RAMP, Do.SWEEP, Do.ROLL, Do.BAUD, Do.CHECK,
)  # fmt: skip

_DELAY_1362 = core_register(_CLOCK_DELAY, 0x08)
_BM1362: tuple[Step, ...] = (
    Do.ROLL, Do.COUNT, Do.ROLL, Do.ROLL,
    Write(r.SOFT_RESET, 0), Write(r.MISC_CONTROL, 0xB000C100),
    Do.ADDRESS,
    Write(r.CORE_MAILBOX, _SELECT_OLD), Write(r.CORE_MAILBOX, _DELAY_1362),
    Do.TICKET, Write(r.ANALOG_MUX, 3), Write(r.DRIVE_STRENGTH, 0x00011111),
    Do.BAUD, Do.RAMP,
    *_each((r.SOFT_RESET, 2), (r.MISC_CONTROL, 0xB000C100), (r.CORE_MAILBOX, _SELECT_OLD),
           (r.CORE_MAILBOX, _DELAY_1362), (r.CORE_MAILBOX, _ENABLE)),
    Do.SWEEP, Do.ROLL, Do.CHECK,
)  # fmt: skip

_BM1397: tuple[Step, ...] = (
    Do.COUNT, Do.ADDRESS,
    Write(r.CLOCK_ORDER_0, 0), Write(r.CLOCK_ORDER_1, 0), Write(r.CLOCK_ENABLE, 1),
    Write(r.CORE_MAILBOX, core_register(_CLOCK_DELAY, 0x74)),
    Do.TICKET, Write(r.PADS, 0xC0700111), Write(r.UART_BAUD, 0x0600000F),
    Write(r.MISC_CONTROL, 0x00007A31),
    Do.RAMP, Do.BAUD, Do.CHECK,
)  # fmt: skip

_SEQUENCES = {
    table.BM1370.id: _BM1370,
    table.BM1366.id: _BM1366,
    table.BM1368.id: _BM1368,
    table.BM1362.id: _BM1362,
    table.BM1397.id: _BM1397,
}
