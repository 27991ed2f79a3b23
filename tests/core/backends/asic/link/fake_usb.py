"""What stands in for the package usb1: a bus with devices that keep what they are told."""

from types import ModuleType
from typing import Any, Self


class USBError(Exception):
    """As libusb's."""


class USBErrorAccess(USBError):  # noqa: N818
    """No permission."""


class FakeDevice:
    """At a place such as 1-2.4; knows the two kinds of adapters' requests by their bytes."""

    def __init__(self, socket: str, *, denied: bool = False) -> None:
        self.socket = socket
        self.denied = denied
        self.handles = 0
        self.pins = 0
        self.seen: list[tuple[int, int, int, int, bytes]] = []

    def getBusNumber(self) -> int:  # noqa: N802
        return int(self.socket.partition("-")[0])

    def getPortNumberList(self) -> list[int]:  # noqa: N802
        return [int(port) for port in self.socket.partition("-")[2].split(".")]

    def open(self) -> "FakeDevice":
        if self.denied:
            raise USBErrorAccess
        self.handles += 1
        return self

    def close(self) -> None:
        self.handles -= 1

    def controlWrite(  # noqa: N802, PLR0917
        self, request_type: int, request: int, value: int, index: int, data: bytes, timeout: int
    ) -> int:
        assert timeout > 0
        self.seen.append((request_type, request, value, index, data))
        match request_type, request, value >> 8, data:
            case 0x41, 0xFF, 0x37, bytes() if value == 0x37E1 and len(data) == 2:
                self.pins = self.pins & ~data[0] | data[1] & data[0]
            case 0x40, 0x0B, 0x20, b"":
                self.pins = value & value >> 4 & 15
            case _:
                raise USBError("stall")
        return len(data)


class FakeUsb(ModuleType):
    """The module."""

    USBError = USBError
    USBErrorAccess = USBErrorAccess

    def __init__(self, *devices: FakeDevice, library: bool = True) -> None:
        super().__init__("usb1")
        self.devices = list(devices)
        self.contexts = 0
        self._library = library

    def loadLibrary(self) -> None:  # noqa: N802
        if not self._library:
            raise FileNotFoundError("cannot find a suitable libusb-1.0")

    def USBContext(self) -> "FakeUsb":  # noqa: N802
        return self

    def __enter__(self) -> Self:
        self.contexts += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.contexts -= 1

    def getDeviceIterator(self, *, skip_on_error: bool) -> Any:  # noqa: N802
        assert skip_on_error
        return iter(self.devices)
