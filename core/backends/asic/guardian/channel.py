"""Bytes in and out without blocking: what the guardian's control port and its pipe stand on."""

import os
import select
from typing import Protocol


class Channel(Protocol):
    """One end of a line or of a pair of pipes."""

    def wait(self, seconds: float) -> None:
        """Return once there is something to read, or after so long."""

    def read(self) -> bytes:
        """Return what is there, perhaps nothing; raise EOFError behind the end, OSError."""

    def write(self, data: bytes) -> None:
        """Hand all of it over in one call; raise BlockingIOError if none is taken, OSError."""


class Descriptors:
    """A Channel on one descriptor of the system's, or on one for each direction."""

    def __init__(self, reading: int, writing: int | None = None) -> None:
        self._reading = reading
        self._writing = reading if writing is None else writing
        for descriptor in (self._reading, self._writing):
            os.set_blocking(descriptor, False)

    def wait(self, seconds: float) -> None:
        """Return once there is something to read, or after so long."""
        select.select([self._reading], [], [], seconds)

    def read(self) -> bytes:
        """Return what is there, perhaps nothing; raise EOFError behind the end, OSError."""
        try:
            data = os.read(self._reading, 65_536)
        except BlockingIOError:
            return b""
        if not data:
            raise EOFError
        return data

    def write(self, data: bytes) -> None:
        """Hand all of it over in one call; raise BlockingIOError if none is taken, OSError."""
        os.write(self._writing, data)
