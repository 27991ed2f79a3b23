"""On which CPU each scan thread runs, and how it takes its place there."""

import logging
import os
from dataclasses import dataclass

_log = logging.getLogger("stampmill.backends")


@dataclass(frozen=True, slots=True)
class Placement:
    """One thread's device name and the CPU it is pinned to; None: wherever there is room.

    It `gives_way` to all others, unless it only waits for a device, holds the interpreter or is
    told to take turns with them.
    """

    device: str
    cpu: int | None
    gives_way: bool = True


def usable_cpus() -> tuple[int, ...]:
    """Return the CPUs of the process's affinity mask; where there are no masks, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def place(threads: int | None, *, pinned: bool, gives_way: bool = True) -> tuple[Placement, ...]:
    """Return a place for each thread: one per usable CPU, or so many dealt out over them."""
    cpus = usable_cpus()
    pinned = pinned and hasattr(os, "sched_setaffinity")
    seats = range(threads or len(cpus))
    return tuple(Placement(*_nth(seat, cpus, pinned=pinned), gives_way) for seat in seats)


def _nth(index: int, cpus: tuple[int, ...], *, pinned: bool) -> tuple[str, int | None]:
    if not pinned:
        return f"cpu{index}", None
    lap, seat = divmod(index, len(cpus))
    name = f"cpu{cpus[seat]}"
    return f"{name}.{lap}" if lap else name, cpus[seat]


def take_place(placement: Placement) -> None:
    """Pin the calling thread; if it gives way, all else goes before it, the event loop above all.

    The loop has to share a CPU with a scan thread. Linux lets a thread that is woken go before one
    of SCHED_IDLE at once, before any other it often waits for a tick: nonce to submit, p99 on 6.18,
    was 0.9 to 1.3 ms in four runs so, and 0.8 to 4.8 ms in nine with threads that were ten nicer.
    A refusal is only logged.
    """
    try:
        if placement.cpu is not None:
            os.sched_setaffinity(0, {placement.cpu})
        if placement.gives_way and hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError as error:
        _log.warning("thread not placed: device=%s error=%s", placement.device, error)
