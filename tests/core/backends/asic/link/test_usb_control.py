import sys

import pytest

from stampmill.core.backends.asic.control.reset_lines import CP2105, FTDI, ResetPins
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.transfers import ControlTransfer
from stampmill.core.backends.asic.link.usb_control import UsbControl
from stampmill.core.errors import MissingExtraError, NoDeviceError

from .fake_usb import FakeDevice, FakeUsb

HERE = UsbControl(lambda: "1-2.4")


def plug(monkeypatch: pytest.MonkeyPatch, *devices: FakeDevice, library: bool = True) -> FakeUsb:
    usb = FakeUsb(*devices, library=library)
    monkeypatch.setitem(sys.modules, "usb1", usb)
    return usb


@pytest.mark.parametrize(("pins", "held", "free"), [(CP2105, 7, 0), (FTDI, 0, 2)])
def test_the_pins_of_the_device_at_its_place_are_set_and_nothing_is_left_open(
    pins: ResetPins, held: int, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, stick = FakeDevice("1-2"), FakeDevice("1-2.4")
    usb = plug(monkeypatch, other, stick)
    HERE.send(pins.hold)
    assert stick.pins == held
    HERE.send(pins.release)
    assert stick.pins == free
    assert other.seen == []
    assert usb.contexts == stick.handles == 0


def test_a_device_that_is_gone_or_refuses_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    usb = plug(monkeypatch, FakeDevice("1-2"), FakeDevice("2-2.4"))
    with pytest.raises(PortGoneError, match="USB device 1-2.4 is gone"):
        HERE.send(CP2105.hold)
    stick = FakeDevice("1-2.4")
    usb.devices.append(stick)
    with pytest.raises(PortGoneError, match="stall"):
        HERE.send(ControlTransfer(0x40, 0, 0, 0))
    assert usb.contexts == stick.handles == 0


def test_without_permission_a_rule_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, FakeDevice("1-2.4", denied=True))
    with pytest.raises(NoDeviceError, match=r"1-2.4: no permission; a udev rule"):
        HERE.send(CP2105.hold)


def test_the_extra_and_its_library_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usb1", None)
    with pytest.raises(MissingExtraError, match="extra 'usb'"):
        HERE.send(CP2105.hold)
    plug(monkeypatch, library=False)
    with pytest.raises(NoDeviceError, match="needs libusb-1.0, which is not there"):
        HERE.send(CP2105.hold)
