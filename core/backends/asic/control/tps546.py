"""TPS546D24x buck regulator on PMBus: identity, the limits a board gives it, what it reports.

Texas Instruments TPS546D24A data sheet; values per board from mujina `board/bitaxe.rs` and
ESP-Miner `main/power/vcore.c`.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from stampmill.core.backends.asic.control import pmbus
from stampmill.core.backends.asic.control.steps import Ask, ExpectClear, Pause, Step, check, write

ADDRESS = 0x24
EXPONENT = -9
VOUT_MODE = 0x97
"""Linear with exponent -9, limits relative to the command."""

IDENTITIES = tuple(
    bytes.fromhex(identity) for identity in ("5449546b2441", "5449546d2441", "5449546d2462")
)
"""IC_DEVICE_ID of TPS546D24A, TPS546D24S and its second revision; a length byte goes before it."""

OPERATION_ON = 0x80
OPERATION_OFF = 0x00


class Register(IntEnum):
    """PMBus commands."""

    OPERATION = 0x01
    ON_OFF_CONFIG = 0x02
    CLEAR_FAULTS = 0x03
    PHASE = 0x04
    VOUT_MODE = 0x20
    VOUT_COMMAND = 0x21
    VOUT_MAX = 0x24
    VOUT_MARGIN_HIGH = 0x25
    VOUT_MARGIN_LOW = 0x26
    VOUT_SCALE_LOOP = 0x29
    VOUT_MIN = 0x2B
    FREQUENCY_SWITCH = 0x33
    VIN_ON = 0x35
    VIN_OFF = 0x36
    VOUT_OV_FAULT_LIMIT = 0x40
    VOUT_OV_WARN_LIMIT = 0x42
    VOUT_UV_WARN_LIMIT = 0x43
    VOUT_UV_FAULT_LIMIT = 0x44
    IOUT_OC_FAULT_LIMIT = 0x46
    IOUT_OC_FAULT_RESPONSE = 0x47
    IOUT_OC_WARN_LIMIT = 0x4A
    OT_FAULT_LIMIT = 0x4F
    OT_FAULT_RESPONSE = 0x50
    OT_WARN_LIMIT = 0x51
    VIN_OV_FAULT_LIMIT = 0x55
    VIN_OV_FAULT_RESPONSE = 0x56
    VIN_UV_WARN_LIMIT = 0x58
    TON_DELAY = 0x60
    TON_RISE = 0x61
    TON_MAX_FAULT_LIMIT = 0x62
    TON_MAX_FAULT_RESPONSE = 0x63
    TOFF_DELAY = 0x64
    TOFF_FALL = 0x65
    STATUS_WORD = 0x79
    READ_VIN = 0x88
    READ_VOUT = 0x8B
    READ_IOUT = 0x8C
    READ_TEMPERATURE = 0x8D
    IC_DEVICE_ID = 0xAD
    COMPENSATION_CONFIG = 0xB1
    SYNC_CONFIG = 0xE4
    STACK_CONFIG = 0xEC
    PIN_DETECT_OVERRIDE = 0xEE


class Status(IntFlag):
    """Bits of STATUS_WORD."""

    CML = 0x0002
    TEMPERATURE = 0x0004
    VIN_UV = 0x0008
    IOUT_OC = 0x0010
    VOUT_OV = 0x0020
    OFF = 0x0040
    POWER_NOT_GOOD = 0x0800
    INPUT = 0x2000
    IOUT = 0x4000
    VOUT = 0x8000


_FAULTS = {
    Status.VOUT_OV: "output over-voltage",
    Status.VOUT: "output voltage",
    Status.IOUT_OC: "output over-current",
    Status.IOUT: "output current",
    Status.VIN_UV: "input under-voltage (is the board's own supply plugged in?)",
    Status.INPUT: "input voltage",
    Status.TEMPERATURE: "regulator over-temperature",
}


@dataclass(frozen=True, slots=True)
class RegulatorLimits:
    """What a kind of board writes into its regulator: volts, amperes, degC, kHz.

    `vin_warn` None: it is left alone. `before` is what a board writes ahead of all limits.
    """

    vin_on: float
    vin_off: float
    vin_over: float
    scale_loop: float
    vout_min: float
    vout_max: float
    warn_amperes: float
    fault_amperes: float
    switch_kilohertz: float = 650
    phase: int = 0x00
    vin_warn: float | None = None
    before: tuple[tuple[Register, bytes], ...] = ()


FIVE_VOLT = RegulatorLimits(4.8, 4.5, 6.5, 0.25, 1.0, 2.0, 25, 30)
HEX = RegulatorLimits(
    11.5, 11.0, 14.8, 0.125, 2.5, 4.5, 25, 30, vin_warn=11.0,
    before=((Register.STACK_CONFIG, b"\x00\x00"), (Register.SYNC_CONFIG, b"\x10")),
)  # fmt: skip
"""Three domains in series behind one regulator at 12 V."""
TURBO = RegulatorLimits(
    11.0, 10.5, 14.8, 0.25, 1.0, 3.0, 50, 55, phase=0xFF, vin_warn=11.0,
    before=(
        (Register.STACK_CONFIG, b"\x01\x00"),
        (Register.SYNC_CONFIG, b"\xd0"),
        # A block: its length goes first.
        (Register.COMPENSATION_CONFIG, b"\x05\x12\x34\x42\x21\x04"),
    ),
)  # fmt: skip
"""Two regulators as two phases at 12 V."""


def fault_reasons(status: int) -> tuple[str, ...]:
    """Return what STATUS_WORD complains of, the exact bits before their sums; warnings included.

    OFF and POWER_NOT_GOOD alone are no fault: an idle regulator shows both.
    """
    return tuple(text for bit, text in _FAULTS.items() if status & bit)


def volts(word: bytes) -> float:
    """Return an output voltage as read."""
    return pmbus.from_linear16(pmbus.from_bytes(word), EXPONENT)


def identify_steps() -> tuple[Step, ...]:
    """Return how to make sure of the regulator, and turn it off."""
    blocks = tuple(bytes([len(identity)]) + identity for identity in IDENTITIES)
    return (
        check("regulator TPS546", ADDRESS, Register.IC_DEVICE_ID, *blocks),
        off_step(),
        # Bit 2 (the control pin counts) as mujina's main branch and ESP-Miner have it.
        _write(Register.ON_OFF_CONFIG, b"\x1f"),
        check("VOUT_MODE of the regulator", ADDRESS, Register.VOUT_MODE, bytes([VOUT_MODE])),
    )


def limit_steps(limits: RegulatorLimits, start_volts: float) -> tuple[Step, ...]:
    """Return all limits in the order of mujina's driver.

    VIN_UV_WARN (58) is left out on 5 V boards: there the device does not take it.
    """
    warn = limits.vin_warn
    pairs = (
        *limits.before,
        (Register.PHASE, bytes([limits.phase])),
        (Register.FREQUENCY_SWITCH, _linear11(limits.switch_kilohertz)),
        *(() if warn is None else ((Register.VIN_UV_WARN_LIMIT, _linear11(warn)),)),
        (Register.VIN_ON, _linear11(limits.vin_on)),
        (Register.VIN_OFF, _linear11(limits.vin_off)),
        (Register.VIN_OV_FAULT_LIMIT, _linear11(limits.vin_over)),
        (Register.VIN_OV_FAULT_RESPONSE, b"\xb7"),
        (Register.VOUT_SCALE_LOOP, _linear11(limits.scale_loop)),
        (Register.VOUT_COMMAND, _linear16(start_volts)),
        (Register.VOUT_MAX, _linear16(limits.vout_max)),
        (Register.VOUT_MIN, _linear16(limits.vout_min)),
        *_RELATIVE_LIMITS,
        (Register.IOUT_OC_WARN_LIMIT, _linear11(limits.warn_amperes)),
        (Register.IOUT_OC_FAULT_LIMIT, _linear11(limits.fault_amperes)),
        (Register.IOUT_OC_FAULT_RESPONSE, b"\xc0"),
        *_TEMPERATURE_LIMITS,
        *_TIMES,
        (Register.PIN_DETECT_OVERRIDE, b"\xff\xff"),
    )
    return tuple(_write(register, data) for register, data in pairs)


def on_steps(volts: float) -> tuple[Step, ...]:
    """Return how to set the voltage and switch the output on."""
    return (
        Pause(0.1),
        command_step(volts),
        _write(Register.CLEAR_FAULTS),
        _write(Register.OPERATION, bytes([OPERATION_ON])),
        check("regulator on", ADDRESS, Register.OPERATION, bytes([OPERATION_ON])),
        ExpectClear("regulator output off", ADDRESS, Register.STATUS_WORD, Status.OFF),
        Pause(0.5),
    )


def command_step(volts: float) -> Ask:
    """Set the output voltage. Limits are the caller's: see `limits`."""
    return _write(Register.VOUT_COMMAND, _linear16(volts))


def off_step() -> Ask:
    """Switch the output off."""
    return _write(Register.OPERATION, bytes([OPERATION_OFF]))


def _write(register: Register, data: bytes = b"") -> Ask:
    return write(f"regulator {register.name}", ADDRESS, register, data)


def _linear11(value: float) -> bytes:
    return pmbus.to_bytes(pmbus.linear11(value))


def _linear16(value: float) -> bytes:
    return pmbus.to_bytes(pmbus.linear16(value, EXPONENT))


_RELATIVE_LIMITS = (  # times the commanded voltage
    (Register.VOUT_OV_FAULT_LIMIT, _linear16(1.25)),
    (Register.VOUT_OV_WARN_LIMIT, _linear16(1.16)),
    (Register.VOUT_MARGIN_HIGH, _linear16(1.10)),
    (Register.VOUT_MARGIN_LOW, _linear16(0.90)),
    (Register.VOUT_UV_WARN_LIMIT, _linear16(0.90)),
    (Register.VOUT_UV_FAULT_LIMIT, _linear16(0.75)),
)

_TEMPERATURE_LIMITS = (
    (Register.OT_WARN_LIMIT, _linear11(105)),
    (Register.OT_FAULT_LIMIT, _linear11(145)),
    (Register.OT_FAULT_RESPONSE, b"\xff"),
)

_TIMES = (  # milliseconds; 0 for the longest rise means that none is too long
    (Register.TON_DELAY, _linear11(0)),
    (Register.TON_RISE, _linear11(3)),
    (Register.TON_MAX_FAULT_LIMIT, _linear11(0)),
    (Register.TON_MAX_FAULT_RESPONSE, b"\x3b"),
    (Register.TOFF_DELAY, _linear11(0)),
    (Register.TOFF_FALL, _linear11(0)),
)
