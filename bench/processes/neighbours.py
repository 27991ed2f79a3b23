"""How much of the machine other processes used while we measured."""

import os
import time
from pathlib import Path

_STAT = Path("/proc/stat")
_BUSY = (0, 1, 2, 5, 6, 7)
"""Columns of proc(5)'s cpu line: user, nice, system, irq, softirq, steal."""


class Neighbours:
    """Compares what all CPUs did with what we and our ended children did, from its making on."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._busy = _busy_seconds()
        self._own = _own_seconds()

    def share(self) -> float | None:
        """Return the part of all CPUs that was not ours, 0 to 1, or None where nobody tells."""
        busy = _busy_seconds()
        if busy is None or self._busy is None:
            return None
        foreign = busy - self._busy - (_own_seconds() - self._own)
        available = (time.monotonic() - self._started) * (os.cpu_count() or 1)
        return max(foreign, 0.0) / available if available > 0 else 0.0


def _busy_seconds() -> float | None:
    try:
        fields = _STAT.read_text().splitlines()[0].split()[1:]
    except OSError:
        return None
    return sum(int(fields[column]) for column in _BUSY) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
