"""Bitaxe with bitaxe-raw firmware: Gamma 60x, Supra 402/403, Ultra 207."""

from stampmill.core.backends.asic.board.guarded import GuardedBoard, Locate
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.control.bitaxe import BITAXE


class BitaxeBoard(GuardedBoard):
    """One chip, a TPS546 and an EMC2101, told apart by the chip."""

    def __init__(
        self,
        name: str,
        locate: Locate,
        settings: BoardSettings | None = None,
        *,
        serial_number: str | None = None,
    ) -> None:
        super().__init__(name, BITAXE, locate, settings, serial_number=serial_number)
