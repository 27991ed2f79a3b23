"""Times kernels against each other: one pinned CPU, the same nonces, in turn, many rounds."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from stampmill.bench import clock, gate
from stampmill.bench.counters import Counters, CountersUnavailableError, Event
from stampmill.bench.machine import pinned
from stampmill.core.scan import NONCE_SPACE, Hit, Kernel, ScanRequest
from stampmill.core.selftest import scan_whole

ROUNDS = 11
"""Fewer than these make no median worth quoting."""
ROUND_SECONDS = 0.2

# One hit in 2**20 hashes: enough to prove that the range was searched, too few to cost anything.
_TIMED_TARGET = (1 << 236) - 1

_FIRST_GUESS = 1 << 12
_LONGEST = NONCE_SPACE - gate.FIRST_NONCE


@dataclass(frozen=True, slots=True)
class Case:
    """A kernel searching under so many versions at once."""

    kernel: Kernel
    versions: int = 1

    @property
    def name(self) -> str:
        """The kernel's name, and how many versions share its work if several do."""
        shared = f"[versions={self.versions}]" if self.versions > 1 else ""
        return f"{self.kernel.name}{shared}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One round: seconds of CPU time and on the clock, and what was counted, if anything was.

    Cycles without instructions are the CPU time over that of a cycle, which was timed beside it.
    """

    cpu_seconds: float
    wall_seconds: float
    cycles: int | None = None
    instructions: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """All rounds of a case. A round is `hashes` hashes."""

    case: Case
    hashes: int
    samples: list[Sample] = field(default_factory=list)

    def seconds_per_hash(self) -> list[float]:
        """Return each round's CPU time per hash.

        The clock would also count what other processes took; a kernel cannot help that.
        """
        return [sample.cpu_seconds / self.hashes for sample in self.samples]

    def cycles_per_hash(self) -> list[float] | None:
        """Return each round's cycles per hash, counted or timed; None without either."""
        counts = [sample.cycles for sample in self.samples]
        return [count / self.hashes for count in counts if count] or None

    def instructions_per_hash(self) -> list[float] | None:
        """Return each round's instructions per hash, or None where nothing counts them."""
        counts = [sample.instructions for sample in self.samples]
        return [count / self.hashes for count in counts if count] or None

    def cpu_share(self) -> float:
        """Return how much of the time on the clock the kernel really had its CPU."""
        wall = sum(sample.wall_seconds for sample in self.samples)
        return sum(sample.cpu_seconds for sample in self.samples) / wall if wall else 0.0


def measure(
    cases: Sequence[Case],
    rounds: int,
    seconds: float,
    cpu: int,
    progress: Callable[[str], None] = lambda _line: None,
) -> tuple[Measurement, ...]:
    """Time every case in every round, for `seconds` or up to twice as long each.

    A first round is thrown away. Raise VerificationError if what they find does not agree.
    """
    with pinned(cpu), _Meter() as meter:
        runs = [_calibrated(case, seconds, meter) for case in cases]
        _round(runs, meter)
        for number in range(1, rounds + 1):
            for run, sample in zip(runs, _round(runs, meter), strict=True):
                run.measurement.samples.append(sample)
            progress(f"round {number} of {rounds}")
    return tuple(run.measurement for run in runs)


@dataclass(frozen=True, slots=True)
class _Run:
    measurement: Measurement
    request: ScanRequest


class _Meter:
    """Measures one call on the calling thread, with counters where there are any."""

    def __init__(self) -> None:
        self._counters: Counters | None = None

    def __enter__(self) -> Self:
        try:
            self._counters = Counters()
        except CountersUnavailableError:
            self._counters = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._counters is not None:
            self._counters.close()

    def scan(self, kernel: Kernel, request: ScanRequest) -> tuple[Sample, tuple[Hit, ...]]:
        if self._counters is None:
            return self._estimated(kernel, request)
        with self._counters:
            sample, hits = self._timed(kernel, request)
        counts = self._counters.read().values
        counted = Sample(
            sample.cpu_seconds,
            sample.wall_seconds,
            counts[Event.CYCLES],
            counts[Event.INSTRUCTIONS],
        )
        return counted, hits

    def _estimated(self, kernel: Kernel, request: ScanRequest) -> tuple[Sample, tuple[Hit, ...]]:
        before = clock.cycle_seconds()
        sample, hits = self._timed(kernel, request)
        after = clock.cycle_seconds()
        if before is None or after is None:
            return sample, hits
        cycles = round(sample.cpu_seconds * 2 / (before + after))
        return Sample(sample.cpu_seconds, sample.wall_seconds, cycles), hits

    def _timed(self, kernel: Kernel, request: ScanRequest) -> tuple[Sample, tuple[Hit, ...]]:
        wall, cpu = time.perf_counter(), time.thread_time()
        hits = scan_whole(kernel, request)
        return Sample(time.thread_time() - cpu, time.perf_counter() - wall), hits


def _round(runs: Sequence[_Run], meter: _Meter) -> list[Sample]:
    """Run every case once, then check what they found."""
    results = [(run, *meter.scan(run.measurement.case.kernel, run.request)) for run in runs]
    gate.check_timed(
        [(run.measurement.case.kernel.name, run.request, hits) for run, _, hits in results]
    )
    return [sample for _, sample, _ in results]


def _calibrated(case: Case, seconds: float, meter: _Meter) -> _Run:
    """Double the range until a scan takes long enough: ranges of any two cases begin alike."""
    nonces = _FIRST_GUESS
    while True:
        request = _request(case.versions, nonces)
        sample, _ = meter.scan(case.kernel, request)
        if sample.cpu_seconds >= seconds or nonces * 2 > _LONGEST:
            return _Run(Measurement(case, nonces * case.versions), request)
        nonces *= 2


def _request(versions: int, nonces: int) -> ScanRequest:
    first = gate.FIRST_NONCE
    return ScanRequest(gate.PREFIX, gate.versions(versions), first, first + nonces, _TIMED_TARGET)
