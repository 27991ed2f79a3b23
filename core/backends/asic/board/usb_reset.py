"""A stick's reset line, through its USB adapter."""

import asyncio
from typing import Protocol

from stampmill.core.backends.asic.control.reset_lines import ResetPins
from stampmill.core.backends.asic.link.transfers import ControlTransfer


class Transfers(Protocol):
    """Who does control transfers: `usb_control.UsbControl`, or a stand-in."""

    def send(self, transfer: ControlTransfer) -> None:
        """Do one, and wait for its end; raise StampmillError."""


class UsbResetLine:
    """A ResetLine. Its transfers are done on another thread, since libusb blocks."""

    def __init__(self, usb: Transfers, pins: ResetPins) -> None:
        self._usb = usb
        self._pins = pins

    async def hold(self) -> None:
        """Put the chips into reset; raise NoDeviceError, PortGoneError."""
        await asyncio.to_thread(self._usb.send, self._pins.hold)

    async def release(self) -> None:
        """Let them run; raise NoDeviceError, PortGoneError."""
        await asyncio.to_thread(self._usb.send, self._pins.release)
