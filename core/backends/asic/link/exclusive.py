"""One process a port: claim it, or say who has it.

Light on imports: the guardian uses it as well.
"""

import fcntl
import os
import termios
from pathlib import Path

from stampmill.core.errors import NoDeviceError


class PortBusyError(NoDeviceError):
    """Another process has the port."""


def claim(fd: int, path: str, proc: Path = Path("/proc")) -> None:
    """Make the descriptor the port's only one; raise PortBusyError naming who has it.

    A lock that every careful program asks for, and the kernel's own, for all but root. The port is
    free again when the descriptor is closed, however its process ends.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise busy(path, proc) from error
    if others := [pid for pid in holders(path, proc) if pid != os.getpid()]:
        fcntl.flock(fd, fcntl.LOCK_UN)
        raise PortBusyError(_text(path, others, proc))
    fcntl.ioctl(fd, termios.TIOCEXCL)


def busy(path: str, proc: Path = Path("/proc")) -> PortBusyError:
    """Return the error for a port that did not open because somebody has it (EBUSY, a lock)."""
    others = [pid for pid in holders(path, proc) if pid != os.getpid()]
    return PortBusyError(_text(path, others, proc))


def holders(path: str, proc: Path = Path("/proc")) -> list[int]:
    """Return the processes that have the port open, as far as we may look."""
    real = os.path.realpath(path)
    found = []
    for process in proc.glob("[0-9]*"):
        try:
            links = [os.readlink(fd) for fd in (process / "fd").iterdir()]
        except OSError:  # another user's, or just ended
            continue
        if real in links:
            found.append(int(process.name))
    return sorted(found)


def _text(path: str, pids: list[int], proc: Path) -> str:
    names = ", ".join(f"{_name(pid, proc)} (process {pid})" for pid in pids)
    return f"{path} is in use by {names or 'a process of another user'}: end it, or choose another"


def _name(pid: int, proc: Path) -> str:
    try:
        return (proc / str(pid) / "comm").read_text().strip()
    except OSError:
        return "?"
