"""How hot an emulated chip is: one lump of heat, a fan, and a time constant.

The constants are ours. They make a board at full rate settle at about 60 degC with the fan at full
speed, and pass 80 degC in well under a minute without a fan.
"""

import math
from dataclasses import dataclass

AMBIENT = 25.0


@dataclass(slots=True)
class Heat:
    """Temperature in degC at time `at`, moving towards where power and fan would settle it."""

    at: float
    celsius: float = AMBIENT
    watts: float = 0.0
    fan_percent: float = 0.0
    seconds: float = 20.0
    """Time constant."""

    def advance(self, now: float) -> float:
        """Let time pass and return the temperature."""
        left = math.exp(-max(0.0, now - self.at) / self.seconds)
        self.celsius = self.settled + (self.celsius - self.settled) * left
        self.at = max(self.at, now)
        return self.celsius

    @property
    def settled(self) -> float:
        """Where the temperature goes if nothing changes."""
        return AMBIENT + self.watts * self._degrees_per_watt

    @property
    def _degrees_per_watt(self) -> float:
        """2 degC per watt with the fan at full speed, 12 without."""
        return 2.0 + 10.0 * (1 - min(1.0, self.fan_percent / 100)) ** 2
