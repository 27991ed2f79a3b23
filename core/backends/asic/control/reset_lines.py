"""Reset lines of GekkoScience sticks, behind the pins of their USB adapters; no I/O.

CP2105: Silicon Labs AN571, vendor request WRITE_LATCH to an interface, with mask and state. FTDI:
AN232R-01, CBUS bit bang, whose value holds mode, directions and levels. Which pins, and which way
round: `kanoi/cgminer: driver-gekko.c`.
"""

from dataclasses import dataclass

from stampmill.core.backends.asic.link.transfers import ControlTransfer
from stampmill.core.errors import EncodingError

DATA_INTERFACE = 0

_VENDOR_TO_INTERFACE, _VENDOR_TO_DEVICE = 0x41, 0x40
_CP210X_VENDOR, _WRITE_LATCH = 0xFF, 0x37E1
_SET_BITMODE, _CBUS = 0x0B, 0x20


@dataclass(frozen=True, slots=True)
class ResetPins:
    """How chips are put into reset, and let go."""

    hold: ControlTransfer
    release: ControlTransfer


def write_latch(interface: int, mask: int, state: int) -> ControlTransfer:
    """Set those pins of a CP2105's interface that are in a mask to the levels of a state."""
    if not (0 <= mask <= 0xFF and 0 <= state <= 0xFF):
        raise EncodingError(f"a CP2105's latch takes bytes, not {mask:#x} and {state:#x}")
    return ControlTransfer(
        _VENDOR_TO_INTERFACE, _CP210X_VENDOR, _WRITE_LATCH, interface, bytes((mask, state))
    )


def set_cbus(outputs: int, levels: int) -> ControlTransfer:
    """Drive those of an FTDI's four CBUS pins that are outputs."""
    if not (0 <= outputs <= 0xF and 0 <= levels <= 0xF):
        raise EncodingError(f"an FTDI has four CBUS pins, not {outputs:#x} and {levels:#x}")
    value = _CBUS << 8 | outputs << 4 | levels
    return ControlTransfer(_VENDOR_TO_DEVICE, _SET_BITMODE, value, DATA_INTERFACE)


CP2105 = ResetPins(write_latch(DATA_INTERFACE, 0x07, 0x07), write_latch(DATA_INTERFACE, 0x07, 0x00))
"""Compac and Terminus A1 and A2: all three pins high switch the chips' regulator off, too."""

FTDI = ResetPins(set_cbus(0xF, 0x0), set_cbus(0xF, 0x2))
"""Compac F and R909: CBUS1 is the reset line, active low."""
