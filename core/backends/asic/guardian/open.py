"""Opens a control port for the guardian: a local terminal, or a TCP socket to another host's."""

import errno
import os

from stampmill.core.backends.asic.link.errors import (
    NoPortError,
    PortBusyError,
    PortPermissionError,
)
from stampmill.core.backends.asic.link.holders import lock_holders, open_holders
from stampmill.core.errors import StampmillError

_SOCKET = "socket://"
_CONNECT_SECONDS = 10.0
_EMULATED = "/dev/pts/"


def open_port(path: str) -> int:
    """Return a descriptor, raw and ours alone; raise NoDeviceError with what to do about it."""
    if path.startswith(_SOCKET):
        return _connect(path)
    import termios  # noqa: PLC0415  POSIX alone has it
    import tty  # noqa: PLC0415

    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise _reason(path, error) from error
    try:
        _claim(fd, path)
        tty.setraw(fd, termios.TCSANOW)
        termios.tcflush(fd, termios.TCIOFLUSH)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _claim(fd: int, path: str) -> None:
    """Lock the port; it is free again when its process ends, however that comes about."""
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415

    if not os.isatty(fd):
        raise NoPortError(f"{path} is no serial port")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PortBusyError(path, lock_holders(path)) from error
    if os.path.realpath(path).startswith(_EMULATED):
        return  # an emulator has it open too, so the kernel's own mark would never go away
    if others := open_holders(path):
        raise PortBusyError(path, others)
    fcntl.ioctl(fd, termios.TIOCEXCL)


def _reason(path: str, error: OSError) -> StampmillError:
    match error:
        case PermissionError():
            return PortPermissionError(path)
        case FileNotFoundError():
            return NoPortError(f"no port '{path}': `stampmill devices` lists the boards")
        case OSError(errno=errno.EBUSY):
            return PortBusyError(path, open_holders(path))
    return NoPortError(f"{path}: {error.strerror}")


def _connect(path: str) -> int:
    import socket  # noqa: PLC0415  costs memory, and few need it

    host, _, port = path.removeprefix(_SOCKET).rpartition(":")
    try:
        connection = socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise NoPortError(f"{path}: {error}") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection.detach()
