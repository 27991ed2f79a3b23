"""A pseudo-terminal whose other end a driver opens as if it were a serial port."""

import os
import struct
from contextlib import suppress

from stampmill.core.errors import NoDeviceError

# struct termios2 of Linux: four flag words, the line discipline, 19 control characters, both rates.
# It alone tells rates that no Bnnn constant names, such as 3,125,000.
_TCGETS2 = 0x802C542A
_TERMIOS2 = struct.Struct("=4IB19s2I")
_READ_SIZE = 4096


class PseudoTerminal:
    """The master of a pair. The slave is kept open too, so that a driver may come and go.

    Raise NoDeviceError where the system has no pseudo-terminals.
    """

    def __init__(self) -> None:
        try:
            import tty  # noqa: PLC0415  POSIX alone has it
        except ImportError as error:
            raise NoDeviceError(
                "an emulated board needs a pseudo-terminal, which this system does not have: "
                "emulate it on Linux or macOS"
            ) from error
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.name = os.ttyname(self._slave)

    @property
    def baud(self) -> int:
        """The rate that the driver has set, read from the slave's settings."""
        import fcntl  # noqa: PLC0415
        import termios  # noqa: PLC0415

        try:
            raw = fcntl.ioctl(self.master, _TCGETS2, bytes(_TERMIOS2.size))
        except OSError:
            return _named_rate(termios.tcgetattr(self.master)[5])
        return int(_TERMIOS2.unpack(raw)[-1])

    def read(self) -> bytes:
        """Return what the driver wrote, or nothing."""
        try:
            return os.read(self.master, _READ_SIZE)
        except (BlockingIOError, OSError):
            return b""

    def write(self, data: bytes) -> int:
        """Hand bytes to the driver; return how many were taken: a driver may have stopped."""
        try:
            return os.write(self.master, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Unplug: the driver reads an end of file, and its writes fail."""
        for descriptor in (self.master, self._slave):
            with suppress(OSError):
                os.close(descriptor)


def _named_rate(constant: int) -> int:
    import termios  # noqa: PLC0415

    names = {
        getattr(termios, name): name for name in dir(termios) if name[:2] in {"B1", "B5", "B9"}
    }
    name = names.get(constant, "B0")
    return int(name[1:])
