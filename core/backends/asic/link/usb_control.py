"""Control transfers by libusb, to a device whose ports the system's driver goes on having.

The kernel lets vendor requests through to a device that another driver has claimed, so neither
that driver nor the open port is disturbed.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.transfers import ControlTransfer
from stampmill.core.errors import MissingExtraError, NoDeviceError

_FEATURE = "a reset line behind a USB adapter's pins"
_TIMEOUT_MILLISECONDS = 1000


class UsbControl:
    """One device, found anew for each transfer; `socket` says where it is, such as 1-2.4."""

    def __init__(self, socket: Callable[[], str]) -> None:
        self._socket = socket

    def send(self, transfer: ControlTransfer) -> None:
        """Do a transfer, and wait for its end.

        Raise MissingExtraError or NoDeviceError where that cannot be, PortGoneError.
        """
        usb1, socket = _usb1(), self._socket()
        try:
            usb1.loadLibrary()
        except OSError as error:
            raise NoDeviceError(f"{_FEATURE} needs libusb-1.0, which is not there") from error
        try:
            with usb1.USBContext() as context:
                _write(_device(context, socket), transfer)
        except usb1.USBErrorAccess as error:
            raise NoDeviceError(
                f'USB device {socket}: no permission; a udev rule with SUBSYSTEM=="usb" and its '
                'idVendor and idProduct, MODE="0660", TAG+="uaccess" gives it'
            ) from error
        except usb1.USBError as error:
            raise PortGoneError(f"USB device {socket}", str(error)) from error


def _usb1() -> ModuleType:
    try:
        import usb1  # noqa: PLC0415  an extra, which few boards need
    except ImportError as error:
        raise MissingExtraError(_FEATURE, "usb") from error
    module: ModuleType = usb1
    return module


def _device(context: Any, socket: str) -> Any:
    for device in context.getDeviceIterator(skip_on_error=True):
        ports = ".".join(map(str, device.getPortNumberList()))
        if f"{device.getBusNumber()}-{ports}" == socket:
            return device
    raise PortGoneError(f"USB device {socket}")


def _write(device: Any, transfer: ControlTransfer) -> None:
    handle = device.open()
    try:
        handle.controlWrite(
            transfer.request_type, transfer.request, transfer.value, transfer.index,
            transfer.data, timeout=_TIMEOUT_MILLISECONDS,
        )  # fmt: skip
    finally:
        handle.close()
