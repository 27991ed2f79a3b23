"""Bitaxe with bitaxe-raw firmware: Gamma 60x, Supra 402/403, Ultra 207; Hex and GammaTurbo."""

from stampmill.core.backends.asic.board.guarded import GuardedBoard, Locate
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.control.bitaxe import BITAXE
from stampmill.core.backends.asic.control.bitaxe_12v import BITAXE_HEX, BITAXE_TURBO
from stampmill.core.backends.asic.control.profile import Profile


class BitaxeBoard(GuardedBoard):
    """One chip, a TPS546 and an EMC2101, told apart by the chip."""

    profile: Profile = BITAXE

    def __init__(
        self,
        name: str,
        locate: Locate,
        settings: BoardSettings | None = None,
        *,
        serial_number: str | None = None,
    ) -> None:
        super().__init__(name, self.profile, locate, settings, serial_number=serial_number)


class BitaxeHexBoard(BitaxeBoard):
    """Six chips in three domains at 12 V, an EMC2302 and two thermometers."""

    profile = BITAXE_HEX


class BitaxeTurboBoard(BitaxeBoard):
    """Two chips and a regulator of two phases at 12 V, and an EMC2103."""

    profile = BITAXE_TURBO
