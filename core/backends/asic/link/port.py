"""A serial port, behind an interface that tests and emulators can stand in for."""

from typing import Protocol


class Port(Protocol):
    """Bytes to and from a board: 8 data bits, no parity. Used on the event loop only."""

    @property
    def name(self) -> str:
        """The path or URL that it was opened by."""

    @property
    def baud(self) -> int:
        """Bits per second on the line; a byte takes ten."""

    async def read(self) -> bytes:
        """Return what has come, waiting for the first byte; empty: the port is gone."""

    def write(self, data: bytes) -> None:
        """Hand bytes to the system at once, as far as it takes them; raise PortGoneError."""

    async def drain(self) -> None:
        """Wait until everything written has left; raise PortGoneError."""

    async def set_baud(self, baud: int) -> None:
        """Change the rate of the line and forget what came in before; raise PortGoneError."""

    async def close(self) -> None:
        """Give the port back; callable more than once."""
