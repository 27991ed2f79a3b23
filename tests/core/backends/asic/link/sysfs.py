"""Trees of sysfs and /dev as Linux has them, with links, for devices that are not there."""

import shutil
from pathlib import Path


class Tree:
    """`root` is what stands in for /."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._bus = root / "sys/bus/usb/devices"
        self._bus.mkdir(parents=True)
        (root / "dev").mkdir()

    def plug(self, socket: str, ids: str, **texts: str) -> None:
        """Plug a device in; texts are manufacturer, product and serial."""
        real = self.root / "sys/devices/pci0000:00/usb1" / socket
        real.mkdir(parents=True)
        vendor, product = ids.split(":")
        for name, text in {"idVendor": vendor, "idProduct": product, **texts}.items():
            (real / name).write_text(f"{text}\n")
        (self._bus / socket).symlink_to(real)

    def add_cdc(self, socket: str, interface: int, tty: str) -> None:
        """Add the two interfaces of a CDC-ACM function, of which the first has the port."""
        for number in (interface, interface + 1):
            self._interface(socket, number)
        self._add_tty(self._interface(socket, interface) / "tty" / tty)

    def add_adapter(self, socket: str, interface: int, tty: str) -> None:
        """Add an interface of a USB-UART adapter, whose port is one level deeper."""
        self._add_tty(self._interface(socket, interface) / tty / "tty" / tty)

    def unplug(self, socket: str) -> None:
        """Take a device away."""
        for tty in (self._bus / socket).glob(f"{socket}:*/**/tty*"):
            (self.root / "dev" / tty.name).unlink(missing_ok=True)
        shutil.rmtree((self._bus / socket).resolve())
        for link in self._bus.glob(f"{socket}*"):
            link.unlink()

    def path(self, tty: str) -> str:
        return str(self.root / "dev" / tty)

    def _interface(self, socket: str, number: int) -> Path:
        folder = (self._bus / socket).resolve() / f"{socket}:1.{number}"
        if not folder.exists():
            folder.mkdir()
            (folder / "bInterfaceNumber").write_text(f"{number:02x}\n")
            (self._bus / folder.name).symlink_to(folder)
        return folder

    def _add_tty(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (self.root / "dev" / folder.name).touch()


def plug_bitaxe(tree: Tree, socket: str, first: str, second: str, serial: str = "b1") -> None:
    """Plug in a Bitaxe whose control port is `first` and whose data port is `second`."""
    tree.plug(socket, "c0de:cafe", manufacturer="OSMU", product="Bitaxe", serial=serial)
    tree.add_cdc(socket, 0, first)
    tree.add_cdc(socket, 2, second)
