"""Times kernels against each other: one pinned CPU, the same nonces, in turn, many rounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stampmill.bench import gate
from stampmill.bench.host.machine import pinned
from stampmill.bench.meter import Meter, Sample
from stampmill.core.scan import NONCE_SPACE, Kernel, ScanRequest

ROUNDS = 11
"""Fewer than these make no median worth quoting."""
ROUND_SECONDS = 0.2

# One hit in 2**20 hashes: enough to prove that the range was searched, too few to cost anything.
_TIMED_TARGET = (1 << 236) - 1

_FIRST_GUESS = 1 << 12
_LONGEST = NONCE_SPACE - gate.FIRST_NONCE


class Named(Protocol):
    """A kernel, or what stands for one that runs in another process."""

    @property
    def name(self) -> str:
        """Its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A kernel under so many versions at once, wherever it runs."""

    kernel: Named
    versions: int = 1

    @property
    def name(self) -> str:
        """The kernel's name, and how many versions share its work if several do."""
        shared = f"[versions={self.versions}]" if self.versions > 1 else ""
        return f"{self.kernel.name}{shared}"


@dataclass(frozen=True, slots=True)
class Case(Entry):
    """The same, of a kernel that is loaded here."""

    kernel: Kernel


@dataclass(frozen=True, slots=True)
class Measurement:
    """All rounds of a case. A round is `hashes` hashes."""

    case: Entry
    hashes: int
    samples: list[Sample] = field(default_factory=list)

    def seconds_per_hash(self) -> list[float]:
        """Return each round's CPU time per hash.

        The clock would also count what other processes took; a kernel cannot help that.
        """
        return [sample.cpu_seconds / self.hashes for sample in self.samples]

    def clock_seconds_per_hash(self) -> list[float]:
        """Return the same by the clock, as others measure themselves."""
        return [sample.wall_seconds / self.hashes for sample in self.samples]

    def cycles_per_hash(self) -> list[float] | None:
        """Return each round's cycles per hash, counted or timed; None without either."""
        counts = [sample.cycles for sample in self.samples]
        return [count / self.hashes for count in counts if count] or None

    def instructions_per_hash(self) -> list[float] | None:
        """Return each round's instructions per hash, or None where nothing counts them."""
        counts = [sample.instructions for sample in self.samples]
        return [count / self.hashes for count in counts if count] or None

    def joules_per_hash(self) -> list[float] | None:
        """Return each round's energy per hash, or None where nothing counts it."""
        joules = [sample.joules for sample in self.samples]
        return [one / self.hashes for one in joules if one] or None

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
    with pinned(cpu), Meter() as meter:
        runs = [_calibrated(case, seconds, meter) for case in cases]
        _round(runs, meter)
        for number in range(1, rounds + 1):
            for run, sample in zip(runs, _round(runs, meter), strict=True):
                run.measurement.samples.append(sample)
            progress(f"round {number} of {rounds}")
    return tuple(run.measurement for run in runs)


@dataclass(frozen=True, slots=True)
class _Run:
    case: Case
    measurement: Measurement
    request: ScanRequest


def _round(runs: Sequence[_Run], meter: Meter) -> list[Sample]:
    """Run every case once, then check what they found."""
    results = [(run, *meter.scan(run.case.kernel, run.request)) for run in runs]
    gate.check_timed(
        [(run.measurement.case.kernel.name, run.request, hits) for run, _, hits in results]
    )
    return [sample for _, sample, _ in results]


def _calibrated(case: Case, seconds: float, meter: Meter) -> _Run:
    nonces = calibrate(case, seconds, meter)
    measurement = Measurement(case, nonces * case.versions)
    return _Run(case, measurement, request(case.versions, nonces))


def calibrate(case: Case, seconds: float, meter: Meter) -> int:
    """Return how many nonces take so long, or up to twice as long.

    The range is doubled until it does: those of any two cases begin alike.
    """
    nonces = _FIRST_GUESS
    while nonces * 2 <= _LONGEST:
        sample, _ = meter.scan(case.kernel, request(case.versions, nonces))
        if sample.cpu_seconds >= seconds:
            break
        nonces *= 2
    return nonces


def request(versions: int, nonces: int) -> ScanRequest:
    """Return the search that is timed, over so many nonces."""
    first = gate.FIRST_NONCE
    return ScanRequest(gate.PREFIX, gate.versions(versions), first, first + nonces, _TIMED_TARGET)
