"""DS4432U, a current source that moves the voltage of a TPS40305: volts to its register and back.

On Bitaxe Max, Ultra 20x and Supra 400/401 (Maxim DS4432 data sheet; resistors from ESP-Miner
`main/power/DS4432U.c`). No profile uses it: those boards gate their regulator by a pin that
bitaxe-raw firmware does not offer, so their core voltage could not be taken away.
"""

import math

from stampmill.core.errors import EncodingError

ADDRESS = 0x48
OUTPUT = 0xF8
"""Register of the first output: bit 7 says that the source lowers the voltage, 6 to 0 by what."""

_FEEDBACK_VOLTS = 0.6
_UPPER_OHMS, _LOWER_OHMS = 4750.0, 3320.0
_FULL_SCALE_AMPERES, _FULL_SCALE = 0.000098921, 127
_LOWERS = 0x80
_ROUNDING = 1e-6


def code(volts: float) -> int:
    """Return the register for an output voltage, or the step of 3.7 mV below it.

    Raise EncodingError where there is none.
    """
    if not MIN_VOLTS <= volts <= MAX_VOLTS:
        raise EncodingError(
            f"a DS4432U gives {MIN_VOLTS:.2f} to {MAX_VOLTS:.2f} V here, not {volts:g}"
        )
    amperes = _FEEDBACK_VOLTS / _LOWER_OHMS - (volts - _FEEDBACK_VOLTS) / _UPPER_OHMS
    steps = amperes / _FULL_SCALE_AMPERES * _FULL_SCALE
    # What was worked out from a whole step has to come out as that step.
    if steps <= 0:
        return min(math.floor(-steps + _ROUNDING), _FULL_SCALE)
    return min(math.ceil(steps - _ROUNDING), _FULL_SCALE) | _LOWERS


def volts(register: int) -> float:
    """Return the output voltage that a register stands for."""
    amperes = (register & _FULL_SCALE) / _FULL_SCALE * _FULL_SCALE_AMPERES
    signed = amperes if register & _LOWERS else -amperes
    return _FEEDBACK_VOLTS + _UPPER_OHMS * (_FEEDBACK_VOLTS / _LOWER_OHMS - signed)


MIN_VOLTS, MAX_VOLTS = volts(_LOWERS | _FULL_SCALE), volts(_FULL_SCALE)
"""ESP-Miner names 0.046 and 2.39 V, for which its resistors would need twice the current."""
