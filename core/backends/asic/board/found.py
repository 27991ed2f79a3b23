"""Which board stands behind a port: as the emulator beside it tells, or as its USB device says."""

import os
from collections.abc import Callable

from stampmill.core.backends.asic.board.bare import BareBoard
from stampmill.core.backends.asic.board.base import Board
from stampmill.core.backends.asic.board.bitaxe import (
    BitaxeBoard,
    BitaxeHexBoard,
    BitaxeTurboBoard,
)
from stampmill.core.backends.asic.board.emberone import EmberOneBoard
from stampmill.core.backends.asic.board.gekko import GekkoBoard
from stampmill.core.backends.asic.board.guarded import BoardPorts
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.board.usb_reset import UsbResetLine
from stampmill.core.backends.asic.control import reset_lines
from stampmill.core.backends.asic.control.reset_lines import ResetPins
from stampmill.core.backends.asic.link.discovery import (
    HERE,
    FoundBoard,
    Machine,
    board_of,
    find_boards,
)
from stampmill.core.backends.asic.link.emulation import emulation_of
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.known import Kind
from stampmill.core.backends.asic.link.usb_control import UsbControl
from stampmill.core.errors import NoDeviceError

_CONTROL_SUFFIX = ".control"
"""What an emulator's second port has behind the name of its first."""

_AT_12_VOLTS: dict[str, type[BitaxeBoard]] = {
    "bitaxe-hex": BitaxeHexBoard,
    "bitaxe-turbo": BitaxeTurboBoard,
}
"""What a user has to say: their USB texts are those of any Bitaxe."""

_EMULATED: dict[str, type[BitaxeBoard] | type[EmberOneBoard]] = {
    "bitaxe-gamma": BitaxeBoard,
    "emberone": EmberOneBoard,
    **_AT_12_VOLTS,
}
_GUARDED: dict[Kind, type[BitaxeBoard] | type[EmberOneBoard]] = {
    Kind.BITAXE: BitaxeBoard,
    Kind.EMBERONE: EmberOneBoard,
}


_RESET_PINS: dict[Kind, ResetPins] = {
    Kind.GEKKO_A: reset_lines.CP2105,
    Kind.GEKKO_F: reset_lines.FTDI,
}


def board_at(
    port: str, settings: BoardSettings, machine: Machine = HERE, *, kind: str = "auto"
) -> Board:
    """Return the board at a path, URL or serial number; raise NoDeviceError for one not usable.

    What says nothing of itself is taken for chips on a plain line. Which Bitaxe it is, `kind` says.
    """
    emulated = emulation_of(port)
    if emulated is not None and emulated.kind in _EMULATED:
        return _EMULATED[emulated.kind](port, _emulated_ports(port), settings)
    found = board_of(port, machine) or _by_serial_number(port, machine)
    if found is None and kind in _AT_12_VOLTS:
        raise NoDeviceError(f"{port} is not the port or the serial number of a Bitaxe")
    return BareBoard(port, settings) if found is None else _board(found, settings, machine, kind)


def gekko_at(port: str, settings: BoardSettings, machine: Machine = HERE) -> GekkoBoard:
    """Return the GekkoScience stick whose data port this is, with its regulator's if it has one."""
    if emulation_of(port) is not None:
        second = port + _CONTROL_SUFFIX
        return GekkoBoard(
            port, settings, telemetry=(lambda: second) if os.path.exists(second) else None
        )
    found = board_of(port, machine)
    if found is None:
        return GekkoBoard(port, settings)
    reset_line = _reset_line(found, machine)
    if len(found.ports) < 2:
        return GekkoBoard(port, settings, reset_line=reset_line)
    locate = _ports_of(found.key, machine)
    # A CP2105's first interface carries the data, its second the telemetry.
    return GekkoBoard(port, settings, telemetry=lambda: locate().data, reset_line=reset_line)


def _reset_line(found: FoundBoard, machine: Machine) -> UsbResetLine | None:
    """Return the line behind the pins of a stick's adapter, wherever that is plugged in by then."""
    pins = _RESET_PINS.get(found.kind)
    if pins is None:
        return None

    def socket() -> str:
        boards = (board for board in find_boards(machine) if board.key == found.key)
        board = next(boards, None)
        if board is None:
            raise PortGoneError(found.key)
        return board.socket

    return UsbResetLine(UsbControl(socket), pins)


def _board(found: FoundBoard, settings: BoardSettings, machine: Machine, kind: str) -> Board:
    if found.kind in _GUARDED:
        make = _AT_12_VOLTS.get(kind, _GUARDED[found.kind])
        locate = _ports_of(found.key, machine)
        return make(found.name, locate, settings, serial_number=found.serial_number or None)
    if found.kind in {Kind.GEKKO_A, Kind.GEKKO_F} and not found.missing:
        return gekko_at(found.name, settings, machine)
    if found.missing:
        raise NoDeviceError(f"{found.name}: {found.about}: {', '.join(found.missing)}")
    return BareBoard(found.name, settings)


def _by_serial_number(text: str, machine: Machine) -> FoundBoard | None:
    if "/" in text:
        return None
    return next((b for b in find_boards(machine) if text in {b.serial_number, b.key}), None)


def _ports_of(key: str, machine: Machine) -> Callable[[], BoardPorts]:
    """Return how to find a board again, whatever its ports are called by then."""

    def locate() -> BoardPorts:
        board = next((board for board in find_boards(machine) if board.key == key), None)
        if board is None or len(board.ports) < 2:
            raise NoDeviceError(f"{key} is not plugged in, or only one of its two ports is there")
        return BoardPorts(*board.ports[:2])

    return locate


def _emulated_ports(path: str) -> Callable[[], BoardPorts]:
    def locate() -> BoardPorts:
        if not os.path.exists(path):
            raise NoDeviceError(f"no port '{path}': is the emulator still there?")
        return BoardPorts(path + _CONTROL_SUFFIX, path)

    return locate
