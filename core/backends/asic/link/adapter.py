"""A serial port behind a USB adapter, found again by the adapter's serial number."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stampmill.core.backends.asic.link.discovery import HERE, Machine
from stampmill.core.backends.asic.link.usb import usb_devices
from stampmill.core.errors import NoDeviceError

LocatePort = Callable[[], str]
"""Where a port is now; raises NoDeviceError while it is unplugged."""


@dataclass(frozen=True, slots=True)
class _AdapterPort:
    path: str
    socket: str
    usb_id: str
    serial_number: str
    interface: int

    def is_same(self, other: "_AdapterPort") -> bool:
        """Tell whether both may be the same port, whatever it is called and plugged into."""
        return (self.usb_id, self.serial_number, self.interface) == (
            other.usb_id, other.serial_number, other.interface,
        )  # fmt: skip


def locate_port(path: str, machine: Machine = HERE) -> LocatePort:
    """Return how to find the port at a path again; what has no number of its own stays a path.

    Many cheap adapters have one and the same number, 0001: where two of them are plugged in, it
    tells nothing.
    """
    ports, real = tuple(_adapter_ports(machine)), os.path.realpath(path)
    port = next((port for port in ports if port.path == real and port.serial_number), None)
    if port is None or sum(port.is_same(other) for other in ports) > 1:
        return lambda: path
    return lambda: _where(port, machine)


def _where(port: _AdapterPort, machine: Machine) -> str:
    """Return the path of a port now: in its old socket, or else in the only one that it can be."""
    there = [other for other in _adapter_ports(machine) if port.is_same(other)]
    there = [other for other in there if other.socket == port.socket] or there
    if len(there) == 1:
        return there[0].path
    number = f"serial number {port.serial_number}"
    if there:
        raise NoDeviceError(
            f"{port.path}: several adapters have {number}, none where it was: put it back there"
        )
    raise NoDeviceError(f"{port.path}: no adapter with {number} is plugged in")


def _adapter_ports(machine: Machine) -> Iterator[_AdapterPort]:
    for device in usb_devices(machine.root):
        usb_id = f"{device.vendor}:{device.product}"
        for port in device.ports:
            yield _AdapterPort(
                port.path, device.socket, usb_id, device.serial_number, port.interface
            )
