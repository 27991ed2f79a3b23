"""What stands behind an emulated line, whatever it is: bytes and times in, bytes and times out."""

from typing import NamedTuple, Protocol


class Sent(NamedTuple):
    """Bytes that a device began to send at `at`, at its own baud rate.

    `is_right`: they are a nonce that solves its job as it was asked for.
    """

    at: float
    data: bytes
    baud: float
    is_nonce: bool = False
    is_right: bool = False


class Device(Protocol):
    """An emulated device without its line. Times are seconds on a clock of the caller's."""

    @property
    def baud(self) -> float:
        """The rate it listens at, which may change behind any frame."""

    def feed(self, data: bytes, now: float, baud: float) -> None:
        """Take bytes whose last one arrived now, sent at a baud rate."""

    def advance(self, now: float) -> None:
        """Work until now."""

    def sent(self) -> list[Sent]:
        """Return what it has sent since it was asked last, in order."""

    def counters(self) -> dict[str, float]:
        """Return what it has counted, by name."""


BAUD_TOLERANCE = 0.05
"""Bitaxe's host opens 1,000,000 for a chip at 1,041,667, which is as far apart as a UART takes."""

USB_RATE = 12e6
"""Bits per second of full-speed USB, for ports without a line behind them."""


def same_baud(one: float, other: float) -> bool:
    """Tell whether a receiver at one rate understands a sender at the other."""
    return abs(one - other) <= BAUD_TOLERANCE * other
