"""ASIC boards in the table of backends: one backend for each port."""

from dataclasses import replace
from importlib.util import find_spec

from stampmill.core import tuning
from stampmill.core.backends.asic.backend.backend import NAME, AsicBackend
from stampmill.core.backends.asic.board.base import Board
from stampmill.core.backends.asic.board.chip_board import ChipBoard
from stampmill.core.backends.asic.board.found import bare_at, board_at, gekko_at, icarus_at
from stampmill.core.backends.asic.board.icarus import ERUPTER, ICARUS
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.emulation import emulation_of
from stampmill.core.backends.base import Backend
from stampmill.core.backends.info import BackendInfo
from stampmill.core.backends.options import BackendOptions
from stampmill.core.errors import MissingExtraError, NoDeviceError, UsageError
from stampmill.core.scan import Kernel
from stampmill.core.settings import AsicSettings


def create(options: BackendOptions) -> Backend:
    """Return the backend of the board at `options.port`; raise UsageError if there is none."""
    if not options.port:
        raise UsageError("backend asic needs a board: -d asic:PATH, such as asic:/dev/ttyUSB0")
    board = _board(options.port, options.asic)
    if isinstance(board, ChipBoard):
        _set_as_tuned(board, options)
    return AsicBackend(board, tell=options.tell)


def describe() -> BackendInfo:
    """Return what the backend is, and what it lacks here."""
    missing = "" if find_spec("serialx") else str(MissingExtraError("a board", "serial"))
    about = "ASIC boards on serial and USB lines: -d asic:PATH"
    return BackendInfo(NAME, about, missing, takes_kernels=False)


def load_kernel(name: str) -> Kernel:
    """Raise NoDeviceError: a board takes no kernel of ours."""
    raise NoDeviceError(f"backend {name} has no kernels: a board hashes by itself")


def _set_as_tuned(board: ChipBoard, options: BackendOptions) -> None:
    """Take the setting that was found best for this very board, unless the user says another."""
    said = options.asic
    if not said.as_tuned or said.mhz is not None or said.volts is not None:
        return
    told = emulation_of(options.port)
    found = tuning.board((told.serial if told else None) or board.identity)
    if found is not None:
        board.settings = replace(board.settings, mhz=found.mhz, volts=found.volts)
        volts = "" if found.volts is None else f" at {found.volts:g} V"
        options.tell(
            f"{board.name}: {found.mhz:g} MHz{volts}, best for {found.goal} when it was tuned "
            f"({found.measured_at})"
        )


def _board(port: str, said: AsicSettings) -> Board:
    settings = BoardSettings(
        said.chip, said.chips, said.mhz, said.volts, said.baud, said.domain, said.force
    )
    match _kind(port, said):
        case "icarus":
            return icarus_at(port, ICARUS, settings=settings)
        case "erupter":
            return icarus_at(port, ERUPTER, settings=settings)
        case "gekko" | "gekko-a1" | "gekko-a2" | "gekko-f":
            return gekko_at(port, settings)
        case "bare":
            return bare_at(port, settings)
        case kind:
            return board_at(port, settings, kind=kind)


def _kind(port: str, said: AsicSettings) -> str:
    """Return what the user says the board is, or else what an emulator says of itself."""
    if said.board != "auto":
        return said.board
    emulation = emulation_of(port)
    return (emulation.kind if emulation else None) or "auto"
