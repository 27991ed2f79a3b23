"""Who has a device open, as far as /proc tells."""

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def lock_holders(path: str, proc: Path = _PROC) -> tuple[str, ...]:
    """Return the programs that hold a lock on a file, as `name (pid N)`."""
    try:
        status = os.stat(path)
        lines = (proc / "locks").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    # `1: FLOCK  ADVISORY  WRITE 1234 00:18:5 0 EOF`; a waiting one has `->` in second place.
    holding = [fields for line in lines if (fields := line.split())[1:2] != ["->"]]
    pids = [int(fields[4]) for fields in holding if len(fields) > 5 and fields[5] == device]
    return tuple(_named(pid, proc) for pid in dict.fromkeys(pids))


def open_holders(path: str, proc: Path = _PROC) -> tuple[str, ...]:
    """Return the other programs that have a device open, as `name (pid N)`."""
    target = os.path.realpath(path)
    others = (pid for pid in _processes(proc) if pid != os.getpid())
    return tuple(_named(pid, proc) for pid in others if _has_open(pid, target, proc))


def _processes(proc: Path) -> Iterator[int]:
    return (int(entry.name) for entry in proc.iterdir() if entry.name.isdecimal())


def _has_open(pid: int, target: str, proc: Path) -> bool:
    try:
        return any(_points_to(entry, target) for entry in (proc / str(pid) / "fd").iterdir())
    except OSError:  # another user's, or just gone
        return False


def _points_to(entry: Path, target: str) -> bool:
    try:
        return str(entry.readlink()) == target
    except OSError:
        return False


def _named(pid: int, proc: Path) -> str:
    try:
        name = (proc / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = "a program"
    return f"{name} (pid {pid})"
