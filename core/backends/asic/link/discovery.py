"""Which boards are plugged in, what each still needs, and which ports may be one."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from stampmill.core.backends.asic.link.holders import open_holders
from stampmill.core.backends.asic.link.known import Kind, KnownBoard, known_board
from stampmill.core.backends.asic.link.usb import UsbDevice, usb_devices
from stampmill.core.errors import NoDeviceError

RULES_FILE = "/etc/udev/rules.d/70-stampmill.rules"


@dataclass(frozen=True, slots=True)
class FoundBoard:
    """A board that is plugged in. `ports` are in interface order.

    It can be used if `missing` is empty; else each line there says what to do.
    """

    kind: Kind
    about: str
    usb_id: str
    socket: str
    serial_number: str
    ports: tuple[str, ...]
    missing: tuple[str, ...] = ()
    udev_rule: str = ""
    """A rule that gives this user its ports, where they are not his."""

    @property
    def key(self) -> str:
        """What stays the same whatever its ports are called: serial number, or else its place."""
        return f"{self.kind.value}:{self.serial_number or self.socket}"

    @property
    def call_name(self) -> str:
        """What `-d asic:NAME` finds it by, after a move as well if it has a serial number."""
        return self.serial_number or self.name

    @property
    def name(self) -> str:
        """What a user calls it by: the port that the work goes through."""
        if not self.ports:
            return self.key
        return self.ports[-1] if self.kind in _CONTROL_FIRST else self.ports[0]


@dataclass(frozen=True, slots=True)
class UnknownPort:
    """A serial port that may belong to a board: nothing is sent there unasked."""

    path: str
    usb_id: str
    text: str


def _own_group() -> str:
    import grp  # noqa: PLC0415  POSIX has it

    return grp.getgrgid(os.getgid()).gr_name


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that is looked at; tests have their own."""

    root: Path = Path("/")
    may_use: Callable[[str], bool] = lambda path: os.access(path, os.R_OK | os.W_OK)
    has_extra: Callable[[], bool] = lambda: find_spec("serialx") is not None
    holders: Callable[[str], tuple[str, ...]] = open_holders
    group: Callable[[], str] = _own_group


_CONTROL_FIRST = (Kind.BITAXE, Kind.EMBERONE)
HERE = Machine()


def find_boards(machine: Machine = HERE) -> tuple[FoundBoard, ...]:
    """Return all boards whose USB device says what it is."""
    devices = usb_devices(machine.root)
    known = ((device, known_board(device)) for device in devices)
    return tuple(_found(device, row, machine) for device, row in known if row is not None)


def unknown_ports(machine: Machine = HERE) -> tuple[UnknownPort, ...]:
    """Return the USB serial ports that no known board has."""
    return tuple(
        UnknownPort(
            port.path,
            f"{device.vendor}:{device.product}",
            f"{device.manufacturer_text} {device.product_text}".strip(),
        )
        for device in usb_devices(machine.root)
        if known_board(device) is None
        for port in device.ports
    )


def board_of(path: str, machine: Machine = HERE) -> FoundBoard | None:
    """Return the board that has this port, by whatever link it is called."""
    real = os.path.realpath(path)
    return next((board for board in find_boards(machine) if real in board.ports), None)


def find_again(board: FoundBoard, machine: Machine = HERE) -> FoundBoard | None:
    """Return a board as it is plugged in now; of several with its number, that in its socket."""
    same = [other for other in find_boards(machine) if other.key == board.key]
    return next((other for other in same if other.socket == board.socket), next(iter(same), None))


def names_here(machine: Machine = HERE) -> tuple[str, ...]:
    """Return every board that can be used, by serial number if it has one.

    Raise NoDeviceError if there is none, with what those that are there lack.
    """
    boards = find_boards(machine)
    usable = tuple(board.call_name for board in boards if not board.missing)
    if not usable:
        lacks = "; ".join(f"{board.about}: {', '.join(board.missing)}" for board in boards)
        raise NoDeviceError(
            f"no board that can be used is plugged in{': ' if lacks else ''}{lacks}; "
            "`stampmill devices` lists them, and asic:PATH names a plain serial port"
        )
    return usable


def _found(device: UsbDevice, row: KnownBoard, machine: Machine) -> FoundBoard:
    ports = tuple(port.path for port in device.ports)
    denied = [path for path in ports if not machine.may_use(path)]
    return FoundBoard(
        kind=row.kind,
        about=row.about,
        usb_id=f"{device.vendor}:{device.product}",
        socket=device.socket,
        serial_number=device.serial_number,
        ports=ports,
        missing=tuple(_missing(ports, denied, row, machine)),
        udev_rule=_udev_rule(device, machine) if denied else "",
    )


def _missing(
    ports: tuple[str, ...], denied: list[str], row: KnownBoard, machine: Machine
) -> Iterator[str]:
    if not row.supported:
        yield "not supported yet"
        return
    if len(ports) < row.ports:
        yield f"{len(ports)} of {row.ports} ports: driver {row.driver} (modprobe, or plug it again)"
    if denied:
        yield f"no permission for {', '.join(denied)}: put the rule below into {RULES_FILE}"
    if not machine.has_extra():
        yield "the extra 'serial': pip install 'stampmill[serial]'"
    for path in ports:
        if holders := machine.holders(path):
            yield f"{path} is in use by {', '.join(holders)}"


def _udev_rule(device: UsbDevice, machine: Machine) -> str:
    """Return a rule for all devices with these ids: seats get them, and the user's group."""
    return (
        f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{device.vendor}", '
        f'ATTRS{{idProduct}}=="{device.product}", '
        f'MODE="0660", GROUP="{machine.group()}", TAG+="uaccess"'
    )
