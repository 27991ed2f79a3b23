"""What a process holds, from Linux's proc(5)."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holdings:
    """Resident memory now and at its peak in bytes, threads, and open files."""

    resident: int
    peak: int
    threads: int
    files: int


def available() -> bool:
    """Tell whether this system shows what processes hold."""
    return (_PROC / "self" / "status").exists()


def read(pid: int | str = "self") -> Holdings:
    """Return what a process holds now; raise OSError if it is gone."""
    fields = _status(pid)
    return Holdings(
        resident=_kilobytes(fields["VmRSS"]),
        peak=_kilobytes(fields["VmHWM"]),
        threads=int(fields["Threads"]),
        files=len(os.listdir(_PROC / str(pid) / "fd")),
    )


class WaitClock:
    """How long the thread that made it was ready and not running, since it began."""

    def __init__(self) -> None:
        try:
            # Kept open: a reading then takes a microsecond or two.
            self._file = os.open(_PROC / "thread-self" / "schedstat", os.O_RDONLY)
        except OSError:
            self._file = -1

    def read(self) -> float:
        """Return seconds; zero where the system does not tell."""
        if self._file < 0:
            return 0.0
        # Nanoseconds on a CPU, nanoseconds waiting for one, time slices (sched-stats.rst).
        return int(os.pread(self._file, 64, 0).split()[1]) / 1e9

    def close(self) -> None:
        """Give the file back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def has_loaded(pid: int | str, part: str) -> bool:
    """Tell whether a file with this in its name is mapped into a process."""
    with suppress(OSError):
        return part in (_PROC / str(pid) / "maps").read_text()
    return False


def _status(pid: int | str) -> dict[str, str]:
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _kilobytes(text: str) -> int:
    """Read `1234 kB`, which proc(5) means as 1024 bytes each."""
    return int(text.split(maxsplit=1)[0]) * 1024
