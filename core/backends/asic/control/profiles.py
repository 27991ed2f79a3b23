"""Every profile, by its name."""

from stampmill.core.backends.asic.control.bitaxe import BITAXE
from stampmill.core.backends.asic.control.bitaxe_12v import BITAXE_HEX, BITAXE_TURBO
from stampmill.core.backends.asic.control.emberone import EMBERONE

PROFILES = {profile.name: profile for profile in (BITAXE, BITAXE_HEX, BITAXE_TURBO, EMBERONE)}
