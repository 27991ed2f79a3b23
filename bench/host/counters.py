"""Hardware counters of the calling thread, through Linux's perf_event_open(2).

The numbers below are the kernel's binary interface, from include/uapi/linux/perf_event.h.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from stampmill.bench.host.machine import first_processor

_SYSCALL_NUMBERS = {"x86_64": 298, "aarch64": 241}
_PARANOIA = Path("/proc/sys/kernel/perf_event_paranoid")

_ATTRIBUTE_SIZE = 128
_FLAGS_OFFSET = 40
_EXCLUDE_KERNEL = 1 << 5
_EXCLUDE_HYPERVISOR = 1 << 6
_DISABLED = 1 << 0
_TOTAL_TIMES = 0b11  # PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING
_CLOSE_ON_EXEC = 8

_ENABLE, _DISABLE, _RESET = 0x2400, 0x2401, 0x2403

_READING = struct.Struct("=QQQ")


class Event(Enum):
    """What can be counted: perf's type and number of it."""

    CYCLES = (0, 0)
    INSTRUCTIONS = (0, 1)
    TASK_CLOCK = (1, 1)
    """Nanoseconds on a CPU; counted by the operating system, so it exists everywhere on Linux."""
    L1I_MISSES = (3, 0x10001)
    """Reads of the instruction cache that missed: PERF_COUNT_HW_CACHE_L1I, read, miss."""
    DECODED_AMD = (4, 0x1AA)
    """Operations that came from the decoders, not from the op cache (PPR for AMD Zen, 0xAA)."""
    DECODED_INTEL = (4, 0x479)
    """The same: IDQ.MITE_UOPS (Intel SDM volume 3, performance monitoring events)."""


HARDWARE = (Event.CYCLES, Event.INSTRUCTIONS)
_DECODED = {"AuthenticAMD": Event.DECODED_AMD, "GenuineIntel": Event.DECODED_INTEL}


class CountersUnavailableError(Exception):
    """An event cannot be counted here; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted by event, in user mode, between entering and leaving."""

    values: dict[Event, int]


class Counters:
    """Counts events of the calling thread while entered; create and use it on one thread."""

    def __init__(self, events: Sequence[Event] = HARDWARE) -> None:
        """Open one counter an event; raise CountersUnavailableError."""
        self._files: dict[Event, int] = {}
        try:
            for event in events:
                self._files[event] = _open(event)
        except CountersUnavailableError:
            self.close()
            raise

    def __enter__(self) -> Self:
        self._control(_RESET)
        self._control(_ENABLE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._control(_DISABLE)

    def read(self) -> Counts:
        """Return what was counted since it was last entered."""
        return Counts({event: _read(file) for event, file in self._files.items()})

    def close(self) -> None:
        """Give the counters back."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def _control(self, request: int) -> None:
        import fcntl  # noqa: PLC0415  not on Windows

        for file in self._files.values():
            fcntl.ioctl(file, request, 0)


def unavailable(events: Sequence[Event] = HARDWARE) -> str | None:
    """Return why the events cannot be counted here, or None if they can."""
    try:
        counters = Counters(events)
    except CountersUnavailableError as error:
        return str(error)
    with counters:
        sum(range(1000))
    silent = [event for event, count in counters.read().values.items() if not count]
    counters.close()
    return _reason(silent[0], errno.ENODEV) if silent else None


@cache
def countable() -> tuple[Event, ...]:
    """Return which events of the instruction cache and the op cache can be counted here."""
    decoded = _DECODED.get(first_processor().get("vendor_id", ""))
    wanted = [Event.L1I_MISSES, *([decoded] if decoded else [])]
    return tuple(event for event in wanted if unavailable((event,)) is None)


def _open(event: Event) -> int:
    number = _SYSCALL_NUMBERS.get(platform.machine()) if sys.platform == "linux" else None
    if number is None:
        raise CountersUnavailableError(
            f"no hardware counters: not known on {platform.system()} {platform.machine()}"
        )
    attribute = _attribute(event)
    # This thread on any CPU, in no group: a counter that another pushes out shows it in its times.
    arguments = (number, ctypes.addressof(attribute), 0, -1, -1, _CLOSE_ON_EXEC)
    file = _libc_syscall(*map(ctypes.c_long, arguments))
    if file < 0:
        raise CountersUnavailableError(_reason(event, ctypes.get_errno()))
    return int(file)


def _libc_syscall(*arguments: ctypes.c_long) -> int:
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    return int(syscall(*arguments))


def _attribute(event: Event) -> ctypes.Array[ctypes.c_char]:
    """Return a struct perf_event_attr: type, size, config, read format and the flag bits."""
    kind, config = event.value
    attribute = ctypes.create_string_buffer(_ATTRIBUTE_SIZE)
    struct.pack_into("=IIQ", attribute, 0, kind, _ATTRIBUTE_SIZE, config)
    flags = _DISABLED | _EXCLUDE_KERNEL | _EXCLUDE_HYPERVISOR
    struct.pack_into("=QQ", attribute, _FLAGS_OFFSET - 8, _TOTAL_TIMES, flags)
    return attribute


def _read(file: int) -> int:
    """Return the count, scaled up if the counter had to share its hardware part of the time."""
    value, enabled, running = map(int, _READING.unpack(os.read(file, _READING.size)))
    return value * enabled // running if running else 0


def _reason(event: Event, code: int) -> str:
    name = event.name.lower().replace("_", " ")
    if code in {errno.EACCES, errno.EPERM}:
        return (
            f"no counter of {name}: kernel.perf_event_paranoid is {_paranoia()}; "
            "`sysctl kernel.perf_event_paranoid=2` allows it (a container may forbid it as well)"
        )
    if code in {errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV}:
        return f"no counter of {name}: this CPU shows none (a virtual machine without a PMU?)"
    return f"no counter of {name}: perf_event_open: {os.strerror(code)}"


def _paranoia() -> str:
    with suppress(OSError):
        return _PARANOIA.read_text().strip()
    return "unknown"
