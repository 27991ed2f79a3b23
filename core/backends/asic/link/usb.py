"""USB devices and their serial ports, from sysfs: what they say they are, and in which order.

The tree's root is passed in, so that a test (or a container) can have its own. Where there is no
sysfs, there are no devices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_DEVICES = "sys/bus/usb/devices"


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A serial port of a device: its path below /dev and the number of its USB interface."""

    path: str
    interface: int


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """What a device says of itself. `socket` is where it is plugged in, such as 1-2.4.

    `vendor` and `product` are four hexadecimal digits each; texts are empty where there are none.
    """

    socket: str
    vendor: str
    product: str
    manufacturer_text: str = ""
    product_text: str = ""
    serial_number: str = ""
    ports: tuple[UsbPort, ...] = ()
    """In interface order, whatever the ports' numbers."""


def usb_devices(root: Path = Path("/")) -> tuple[UsbDevice, ...]:
    """Return all devices but hubs' empty places, by where they are plugged in."""
    try:
        folders = sorted((root / _DEVICES).iterdir())
    except OSError:
        return ()
    return tuple(
        _device(folder, root)
        for folder in folders
        if ":" not in folder.name and _text(folder / "idVendor")
    )


def _device(folder: Path, root: Path) -> UsbDevice:
    interfaces = sorted(folder.glob(f"{folder.name}:*"))
    ports = [port for interface in interfaces for port in _ports(interface, root)]
    return UsbDevice(
        socket=folder.name,
        vendor=_text(folder / "idVendor"),
        product=_text(folder / "idProduct"),
        manufacturer_text=_text(folder / "manufacturer"),
        product_text=_text(folder / "product"),
        serial_number=_text(folder / "serial"),
        ports=tuple(sorted(ports, key=lambda port: (port.interface, port.path))),
    )


def _ports(interface: Path, root: Path) -> Iterator[UsbPort]:
    """Return the ports of an interface: CDC has them at `tty/NAME`, adapters at `NAME/tty/NAME`."""
    number = int(_text(interface / "bInterfaceNumber") or "0", 16)
    for tty in (*interface.glob("tty/*"), *interface.glob("tty*/tty/*")):
        yield UsbPort(str(root / "dev" / tty.name), number)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
