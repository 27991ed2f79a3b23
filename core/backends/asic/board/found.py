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
from stampmill.core.backends.asic.board.icarus import ICARUS, IcarusBoard, IcarusKind
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.board.usb_reset import UsbResetLine
from stampmill.core.backends.asic.control import reset_lines
from stampmill.core.backends.asic.control.reset_lines import ResetPins
from stampmill.core.backends.asic.link.adapter import locate_port
from stampmill.core.backends.asic.link.discovery import (
    HERE,
    FoundBoard,
    Machine,
    board_of,
    find_again,
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
    if found is None:
        return bare_at(port, settings, machine)
    return _board(found, settings, machine, kind)


def bare_at(port: str, settings: BoardSettings, machine: Machine = HERE) -> BareBoard:
    """Return the chips on a plain line, wherever its USB adapter is plugged in by then."""
    return BareBoard(port, settings, locate=locate_port(port, machine))


def icarus_at(
    port: str, kind: IcarusKind = ICARUS, *, settings: BoardSettings, machine: Machine = HERE
) -> IcarusBoard:
    """Return the device of the Icarus family, wherever its USB adapter is plugged in by then."""
    return IcarusBoard(port, kind, settings, locate=locate_port(port, machine))


def gekko_at(port: str, settings: BoardSettings, machine: Machine = HERE) -> GekkoBoard:
    """Return the GekkoScience stick whose data port this is, with its regulator's if it has one."""
    if emulation_of(port) is not None:
        second = port + _CONTROL_SUFFIX
        return GekkoBoard(
            port, settings, telemetry=(lambda: second) if os.path.exists(second) else None
        )
    found = board_of(port, machine) or _by_serial_number(port, machine)
    if found is None or found.kind not in _RESET_PINS:
        return GekkoBoard(port, settings, locate=locate_port(port, machine))
    ports = _ports_of(found, len(found.ports), machine)
    # A CP2105's first interface carries the data, its second the telemetry.
    return GekkoBoard(
        port,
        settings,
        locate=lambda: ports()[0],
        telemetry=(lambda: ports()[1]) if len(found.ports) > 1 else None,
        reset_line=_reset_line(found, machine),
        serial_number=found.serial_number or None,
    )


def _reset_line(found: FoundBoard, machine: Machine) -> UsbResetLine | None:
    """Return the line behind the pins of a stick's adapter, wherever that is plugged in by then."""
    pins = _RESET_PINS.get(found.kind)
    if pins is None:
        return None

    def socket() -> str:
        board = find_again(found, machine)
        if board is None:
            raise PortGoneError(found.key)
        return board.socket

    return UsbResetLine(UsbControl(socket), pins)


def _board(found: FoundBoard, settings: BoardSettings, machine: Machine, kind: str) -> Board:
    if found.kind in _GUARDED:
        make = _AT_12_VOLTS.get(kind, _GUARDED[found.kind])
        ports = _ports_of(found, 2, machine)
        return make(
            found.name,
            lambda: BoardPorts(*ports()[:2]),
            settings,
            serial_number=found.serial_number or None,
        )
    if found.kind in _RESET_PINS and not found.missing:
        return gekko_at(found.name, settings, machine)
    if found.missing:
        raise NoDeviceError(f"{found.name}: {found.about}: {', '.join(found.missing)}")
    return bare_at(found.name, settings, machine)


def _by_serial_number(text: str, machine: Machine) -> FoundBoard | None:
    if "/" in text:
        return None
    return next((b for b in find_boards(machine) if text in {b.serial_number, b.key}), None)


def _ports_of(found: FoundBoard, wanted: int, machine: Machine) -> Callable[[], tuple[str, ...]]:
    """Return how to find a board's ports again, whatever they are called by then."""

    def locate() -> tuple[str, ...]:
        board = find_again(found, machine)
        if board is None or not board.ports or len(board.ports) < wanted:
            raise NoDeviceError(f"{found.key} is not plugged in, or not all of its ports are there")
        return board.ports

    return locate


def _emulated_ports(path: str) -> Callable[[], BoardPorts]:
    def locate() -> BoardPorts:
        if not os.path.exists(path):
            raise NoDeviceError(f"no port '{path}': is the emulator still there?")
        return BoardPorts(path + _CONTROL_SUFFIX, path)

    return locate
