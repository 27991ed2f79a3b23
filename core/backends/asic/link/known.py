"""Boards by what their USB device says: by its texts, since most ids belong to plain adapters.

From mujina (`board/bitaxe.rs`, `board/emberone00.rs`) and `kanoi/cgminer: usbutils.c`.
"""

import re
from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.link.usb import UsbDevice


class Kind(Enum):
    """What is plugged in, as reports and options name it."""

    BITAXE = "bitaxe"
    EMBERONE = "emberone"
    GEKKO_A = "gekko-a"
    GEKKO_F = "gekko-f"
    GEKKO_OLD = "gekko-old"
    CAIRNSMORE = "cairnsmore"
    AVALON = "avalon"


@dataclass(frozen=True, slots=True)
class KnownBoard:
    """A row: patterns that must match the whole text, ids where those say more than the texts."""

    kind: Kind
    about: str
    driver: str
    ports: int
    manufacturer: str = ".*"
    product: str = ".*"
    ids: tuple[str, ...] = ()
    supported: bool = True

    def matches(self, device: UsbDevice) -> bool:
        """Tell whether a device is one of these."""
        return (
            re.fullmatch(self.manufacturer, device.manufacturer_text) is not None
            and re.fullmatch(self.product, device.product_text) is not None
            and (not self.ids or f"{device.vendor}:{device.product}" in self.ids)
        )


KNOWN = (
    KnownBoard(
        Kind.BITAXE, "Bitaxe with bitaxe-raw", "cdc_acm", 2,
        manufacturer="OSMU", product="Bitaxe.*",
    ),
    KnownBoard(
        Kind.EMBERONE, "EmberOne00", "cdc_acm", 2, manufacturer="256F", product="EmberOne00",
    ),
    KnownBoard(
        Kind.GEKKO_A, "GekkoScience Compac or Terminus A1, A2", "cp210x", 2,
        product="GekkoScience (Compac|Terminus) A[12]", ids=("10c4:ea70",),
    ),
    KnownBoard(
        Kind.GEKKO_F, "GekkoScience Compac F or R909", "ftdi_sio", 1,
        manufacturer="GekkoScience", product="(CompacF|R909) Bitcoin Miner",
    ),
    KnownBoard(
        Kind.GEKKO_OLD, "GekkoScience stick with BM1384 or BM1387", "cp210x or ftdi_sio", 1,
        manufacturer="GekkoScience|bitshopperde",
        product="(.* BM1384|NewPac|R606) Bitcoin Miner",
        supported=False,
    ),
    KnownBoard(
        Kind.CAIRNSMORE, "Enterpoint Cairnsmore1", "ftdi_sio", 1,
        product="Cairnsmore1", ids=("0403:6014", "0403:8350"),
    ),
    KnownBoard(
        Kind.AVALON, "Canaan Avalon on USB", "none: USB bulk", 0,
        manufacturer="CANAAN", ids=("29f1:33f2", "29f1:33f3", "29f1:40f1"), supported=False,
    ),
)  # fmt: skip


def known_board(device: UsbDevice) -> KnownBoard | None:
    """Return the row of a device, None for one that may be anything."""
    return next((known for known in KNOWN if known.matches(device)), None)
