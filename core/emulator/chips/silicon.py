"""Where a chip begins to miscalculate: at too high a clock for its voltage and its warmth.

The shape is what owners of boards see, the figures are ours: no data sheet is public.
"""

from dataclasses import dataclass

USUAL_CELSIUS = 60.0

_HEADROOM = 1.16
"""Of the usual clock, at the usual voltage: captures of a BM1366 at 1.134 show no error."""
_BY_VOLTAGE = 2.0
"""One per cent more voltage is good for two per cent more clock."""
_BY_DEGREE = 0.0008
_WIDTH = 0.04
"""So far above the limit every nonce is wrong."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a chip has to live with: its voltage as a part of the usual one, degrees Celsius."""

    volts: float = 1.0
    celsius: float = USUAL_CELSIUS


def limit_mhz(usual_mhz: float, conditions: Conditions) -> float:
    """Return the highest clock at which every nonce is right."""
    by_voltage = 1 + _BY_VOLTAGE * (conditions.volts - 1)
    by_warmth = 1 - _BY_DEGREE * (conditions.celsius - USUAL_CELSIUS)
    return usual_mhz * _HEADROOM * by_voltage * by_warmth


def error_ratio(mhz: float, usual_mhz: float, conditions: Conditions) -> float:
    """Return the part of the nonces that are wrong: none up to the limit, then rapidly more."""
    above = mhz / limit_mhz(usual_mhz, conditions) - 1
    return min((above / _WIDTH) ** 2, 1.0) if above > 0 else 0.0
