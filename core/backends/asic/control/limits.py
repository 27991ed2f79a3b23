"""How many volts and megahertz a kind of board takes: what goes beyond is refused, not trimmed."""

from dataclasses import dataclass

from stampmill.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Model:
    """A board by the chip on it. Volts at the core, MHz of the hash clock.

    Limits are the ends of what ESP-Miner offers for the chip (`main/device_config.h`).
    """

    name: str
    chip_id: int
    default_volts: float
    min_volts: float
    max_volts: float
    default_megahertz: float
    max_megahertz: float

    def check_volts(self, volts: float) -> float:
        """Return the voltage; raise UsageError with the limits where it is outside."""
        if not self.min_volts <= volts <= self.max_volts:
            raise UsageError(
                f"core voltage {volts:g} V: {self.name} takes "
                f"{self.min_volts:g} to {self.max_volts:g} V"
            )
        return volts

    def check_megahertz(self, megahertz: float) -> float:
        """Return the frequency; raise UsageError with the limit where it is above."""
        if not 0 < megahertz <= self.max_megahertz:
            raise UsageError(
                f"frequency {megahertz:g} MHz: {self.name} takes at most {self.max_megahertz:g} MHz"
            )
        return megahertz


BITAXE_GAMMA = Model("bitaxe-gamma", 0x1370, 1.15, 1.0, 1.25, 525, 625)
BITAXE_SUPRA = Model("bitaxe-supra", 0x1368, 1.166, 1.1, 1.3, 490, 575)
BITAXE_ULTRA = Model("bitaxe-ultra", 0x1366, 1.2, 1.1, 1.3, 485, 575)

BITAXES = (BITAXE_GAMMA, BITAXE_SUPRA, BITAXE_ULTRA)
"""Those with a TPS546 (Gamma 60x, Supra 402/403, Ultra 207), which the USB strings do not tell."""

BITAXE_HEX = Model("bitaxe-hex", 0x1366, 1.2, 1.1, 1.3, 485, 575)
BITAXE_SUPRA_HEX = Model("bitaxe-supra-hex", 0x1368, 1.166, 1.1, 1.3, 490, 575)
BITAXE_TURBO = Model("bitaxe-turbo", 0x1370, 1.15, 1.0, 1.25, 525, 625)

HEX_START_VOLTS = 1.2
"""For each of three domains in series; within the limits of both."""

BITAXE_START_VOLTS = 1.15
"""Within the limits of all of them: enough to ask the chip which it is."""
