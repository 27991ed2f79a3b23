"""The driver of each kind of emulated board, at cables in memory.

What a file beside an emulator's link says, they are told; all else is as for real boards.
"""

import asyncio

from stampmill.bench.boards.cables import Cables
from stampmill.core.backends.asic.board.bare import BareBoard
from stampmill.core.backends.asic.board.base import Board as Driver
from stampmill.core.backends.asic.board.gekko import GekkoBoard
from stampmill.core.backends.asic.board.guarded import GuardedBoard
from stampmill.core.backends.asic.board.icarus import ERUPTER, ICARUS, IcarusBoard, IcarusKind
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.control.bitaxe import BITAXE
from stampmill.core.backends.asic.control.bitaxe_12v import BITAXE_HEX, BITAXE_TURBO
from stampmill.core.backends.asic.control.emberone import EMBERONE
from stampmill.core.backends.asic.control.profile import Profile
from stampmill.core.backends.asic.link.emulation import Emulation as Told
from stampmill.core.emulator.boards.board import Board
from stampmill.core.emulator.boards.kinds import CONTROL_SUFFIX

_GUARDED = {
    "bitaxe-gamma": BITAXE, "bitaxe-hex": BITAXE_HEX, "bitaxe-turbo": BITAXE_TURBO,
    "emberone": EMBERONE,
}  # fmt: skip
_ICARUS = {"icarus": ICARUS, "erupter": ERUPTER}


def driver(board: Board, cables: Cables, settings: BoardSettings) -> Driver:
    """Return what a user's run would have in front of this board."""
    told = Told(int(str(board.facts["zero_bits"])), float(str(board.facts["hashrate"])))
    if board.kind in _GUARDED:
        return _Guarded(cables, told, settings, _GUARDED[board.kind])
    if board.kind in _ICARUS:
        return _Icarus(cables, told, settings, _ICARUS[board.kind])
    is_stick = board.kind.startswith("gekko")
    return (_Gekko if is_stick else _Bare)(cables, told, settings, len(board.ports))


class _Bare(BareBoard):
    def __init__(self, cables: Cables, told: Told, settings: BoardSettings, ports: int) -> None:
        del ports  # there is one
        super().__init__(cables.name, settings, opener=cables.open, sleep=asyncio.sleep)
        self._told = told

    def emulation(self) -> Told:
        return self._told


class _Gekko(GekkoBoard):
    def __init__(self, cables: Cables, told: Told, settings: BoardSettings, ports: int) -> None:
        second = cables.name + CONTROL_SUFFIX
        super().__init__(
            cables.name, settings, telemetry=(lambda: second) if ports > 1 else None,
            opener=cables.open, sleep=asyncio.sleep,
        )  # fmt: skip
        self._told = told

    def emulation(self) -> Told:
        return self._told


class _Icarus(IcarusBoard):
    def __init__(
        self, cables: Cables, told: Told, settings: BoardSettings, kind: IcarusKind
    ) -> None:
        super().__init__(cables.name, kind, settings, opener=cables.open)
        self._told = told

    def emulation(self) -> Told:
        return self._told


class _Guarded(GuardedBoard):
    def __init__(
        self, cables: Cables, told: Told, settings: BoardSettings, profile: Profile
    ) -> None:
        super().__init__(
            cables.name, profile, cables.locate, settings, opener=cables.open,
            start_guardian=cables.guardians.start, sleep=asyncio.sleep,
        )  # fmt: skip
        self._told = told

    def emulation(self) -> Told:
        return self._told
