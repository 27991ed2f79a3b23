"""Measures one scan at a time, with hardware counters where there are any."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple, Self

from stampmill.bench.host import clock, sibling
from stampmill.bench.host.counters import HARDWARE, Counters, CountersUnavailableError, countable
from stampmill.bench.host.sibling import Probe
from stampmill.core.scan import Hit, Kernel, ScanRequest
from stampmill.core.selftest import scan_whole

Timer = Callable[[], float]

STRETCHES = 64
"""A round is cut into so many, some milliseconds each: neighbours come and go as fast."""


class Stretch(NamedTuple):
    """A part of a round: `additions` a cycle were left, before it or after, whichever is less."""

    hashes: int
    cpu_seconds: float
    cycles: int
    additions: float


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
    stretches: Sequence[Stretch] = ()
    """Its parts, where the core was probed between them."""


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
        return self._measured(kernel, request)

    def scan_in_stretches(
        self, kernel: Kernel, request: ScanRequest
    ) -> tuple[Sample, tuple[Hit, ...]]:
        """Do so in parts, between which the core is probed if it can be; that takes 3 % more."""
        first = sibling.probe() if self._on_cpu else None
        if first is None:
            return self.scan(kernel, request)
        parts, probes = [*_parts(request)], [first]
        samples: list[Sample] = []
        hits: list[Hit] = []
        for part in parts:
            sample, found = self._measured(kernel, part)
            probes.append(sibling.probe() or first)
            samples.append(sample)
            hits += found
        return _probed(samples, parts, probes), tuple(hits)

    def _measured(self, kernel: Kernel, request: ScanRequest) -> tuple[Sample, tuple[Hit, ...]]:
        """Count cycles, or have none."""
        if self._counters is None:
            return self._timed(kernel, request)
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


def _parts(request: ScanRequest) -> Iterator[ScanRequest]:
    nonces = -(-(request.end - request.first) // STRETCHES)
    for first in range(request.first, request.end, nonces):
        yield replace(request, first=first, end=min(first + nonces, request.end))


def _probed(
    samples: Sequence[Sample], parts: Sequence[ScanRequest], probes: Sequence[Probe]
) -> Sample:
    """Return the whole and its stretches, with cycles timed where nothing counts them."""
    between = pairwise(sibling.steadied(probes))
    stretches = [
        _stretch(sample, (part.end - part.first) * len(part.versions), *pair)
        for sample, part, pair in zip(samples, parts, between, strict=True)
    ]
    cycles = sum(stretch.cycles for stretch in stretches)
    return replace(_sum(samples), cycles=cycles, stretches=tuple(stretches))


def _stretch(sample: Sample, hashes: int, before: Probe, after: Probe) -> Stretch:
    timed = round(sample.cpu_seconds * 2 / (before.cycle_seconds + after.cycle_seconds))
    cycles = timed if sample.cycles is None else sample.cycles
    return Stretch(hashes, sample.cpu_seconds, cycles, min(before.additions, after.additions))


def _sum(parts: Sequence[Sample]) -> Sample:
    misses: Counter[str] = Counter()
    for part in parts:
        misses.update(part.misses)
    counted = all(part.instructions is not None for part in parts)
    return Sample(
        sum(part.cpu_seconds for part in parts),
        sum(part.wall_seconds for part in parts),
        None,
        sum(part.instructions or 0 for part in parts) if counted else None,
        dict(misses),
    )
