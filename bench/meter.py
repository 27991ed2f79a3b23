"""Measures one scan at a time, with hardware counters where there are any."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from stampmill.bench.host import clock
from stampmill.bench.host.counters import HARDWARE, Counters, CountersUnavailableError, countable
from stampmill.core.scan import Hit, Kernel, ScanRequest
from stampmill.core.selftest import scan_whole

Timer = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Sample:
    """One round: seconds of CPU time and on the clock, and what was counted, if anything was.

    Cycles without instructions are the CPU time over that of a cycle, which was timed beside it.
    `misses` has what else could be counted, by the event's name.
    """

    cpu_seconds: float
    wall_seconds: float
    cycles: int | None = None
    instructions: int | None = None
    misses: Mapping[str, int] = field(default_factory=dict)
    joules: float | None = None
    """What all CPU packages, or all GPUs, used meanwhile."""


class Meter:
    """Measures calls on the thread that entered it.

    The timer says what counts as the kernel's own time: its thread's, its process's if it has
    threads of its own, or, where it works on a GPU, the clock.
    """

    def __init__(self, timer: Timer = time.thread_time) -> None:
        self._timer = timer
        self._counters: Counters | None = None
        self._on_cpu = timer is not time.perf_counter

    def __enter__(self) -> Self:
        try:
            self._counters = Counters((*HARDWARE, *countable())) if self._on_cpu else None
        except CountersUnavailableError:
            self._counters = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._counters is not None:
            self._counters.close()

    def scan(self, kernel: Kernel, request: ScanRequest) -> tuple[Sample, tuple[Hit, ...]]:
        """Search a whole range; return what it took and what was found."""
        if self._counters is None:
            return self._estimated(kernel, request)
        with self._counters:
            sample, hits = self._timed(kernel, request)
        counts = dict(self._counters.read().values)
        cycles, instructions = (counts.pop(event) for event in HARDWARE)
        misses = {event.name.lower(): count for event, count in counts.items()}
        return _counted(sample, cycles, instructions, misses), hits

    def _estimated(self, kernel: Kernel, request: ScanRequest) -> tuple[Sample, tuple[Hit, ...]]:
        before = clock.cycle_seconds() if self._on_cpu else None
        sample, hits = self._timed(kernel, request)
        after = clock.cycle_seconds() if self._on_cpu else None
        if before is None or after is None:
            return sample, hits
        return _counted(sample, round(sample.cpu_seconds * 2 / (before + after))), hits

    def _timed(self, kernel: Kernel, request: ScanRequest) -> tuple[Sample, tuple[Hit, ...]]:
        wall, own = time.perf_counter(), self._timer()
        hits = scan_whole(kernel, request)
        return Sample(self._timer() - own, time.perf_counter() - wall), hits


def _counted(
    sample: Sample,
    cycles: int,
    instructions: int | None = None,
    misses: Mapping[str, int] | None = None,
) -> Sample:
    return Sample(sample.cpu_seconds, sample.wall_seconds, cycles, instructions, misses or {})
