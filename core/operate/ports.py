"""Ports that are taken: by whom, so that a person need not search."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"
"""TCP_LISTEN in /proc/net/tcp (Linux, include/net/tcp_states.h)."""


def why_not(error: OSError, host: str, port: int, proc: Path = Path("/proc")) -> str:
    """Return why a port cannot be listened on, with the process that has it if that can be told."""
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port, proc)
        return f"{host}:{port} is in use{f' by {holder}' if holder else ''}"
    if error.errno == errno.EACCES:
        return f"{host}:{port} is not allowed: ports below 1024 need the right to bind them"
    return f"{host}:{port}: {error.strerror or error}"


def holder_of(port: int, proc: Path = Path("/proc")) -> str | None:
    """Return name and id of the process that listens on a TCP port, or None if it is not seen."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not sockets:
        return None
    for folder in proc.glob("[0-9]*"):
        if not sockets.isdisjoint(_links(folder / "fd")):
            return f"{_name(folder)} (process {folder.name})"
    return None


def _inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in _lines(proc / "net" / table)[1:]:
            fields = line.split()
            place, state = fields[1], fields[3]
            if state == _LISTENING and int(place.rpartition(":")[2], 16) == port:
                yield fields[9]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []


def _links(folder: Path) -> Iterator[str]:
    try:
        for link in folder.iterdir():
            yield os.readlink(link)
    except OSError:
        return  # it is another user's, or has just ended


def _name(folder: Path) -> str:
    try:
        return (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a process"
