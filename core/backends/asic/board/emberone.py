"""EmberOne00: a chain of BM1362 behind an RP2040 bridge, powered by two pins at a fixed voltage."""

from stampmill.core.backends.asic.board.guarded import GuardedBoard, Locate
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.control.emberone import EMBERONE


class EmberOneBoard(GuardedBoard):
    """Twelve chips, two thermometers; fan and core voltage are not ours to set."""

    def __init__(
        self,
        name: str,
        locate: Locate,
        settings: BoardSettings | None = None,
        *,
        serial_number: str | None = None,
    ) -> None:
        super().__init__(name, EMBERONE, locate, settings, serial_number=serial_number)
