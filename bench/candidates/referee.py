"""Runs kernels in processes of their own, so that nothing they do can harm the comparison."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from stampmill.bench.candidates.spec import Spec
from stampmill.bench.meter import Sample, Stretch
from stampmill.bench.processes import children
from stampmill.bench.processes.children import (
    ChildError,
    ChildExitError,
    ChildTimeoutError,
    Result,
)
from stampmill.core.errors import (
    ExitCode,
    NoDeviceError,
    StampmillError,
    UsageError,
    VerificationError,
)
from stampmill.core.scan import Hit

TIMEOUT = 120.0
"""Seconds that a process may take: compilers of kernels are slow."""

_ERRORS = {
    ExitCode.USAGE: UsageError,
    ExitCode.NO_DEVICE: NoDeviceError,
    ExitCode.VERIFICATION: VerificationError,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kernel that was proved, and how many nonces make a round of each number of versions."""

    spec: Spec
    name: str
    description: str
    lanes: int
    max_versions: int
    by_clock: bool
    """Timed by the clock: no thread of its process does the work."""
    on_device: bool
    """An OpenCL device's, and so on threads that are not ours."""
    versions: Sequence[int]
    nonces: Sequence[int]
    provenance: dict[str, str]

    @property
    def timer(self) -> str:
        """What its time is."""
        return "clock" if self.by_clock else "CPU time of the process"


@dataclass(frozen=True, slots=True)
class Run:
    """One round of one case: `flat` is whether the warm-up came to an end, after so many scans."""

    sample: Sample
    hits: tuple[Hit, ...]
    warm_up: int
    flat: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """Where kernels run, and how long a process may take."""

    cpu: int
    timeout: float = TIMEOUT


def check(
    spec: Spec, version_counts: Sequence[int] | None, seconds: float, limits: Limits
) -> Candidate:
    """Prove a kernel against hashlib.

    Raise VerificationError for one that is wrong, crashes or hangs, NoDeviceError for one that
    cannot run here, UsageError for a name that makes no sense.
    """
    wanted = None if version_counts is None else list(version_counts)
    settings = {"do": "check", "versions": wanted, "seconds": seconds}
    return Candidate(spec=spec, **_call(spec, settings, limits))


def measure(candidate: Candidate, limits: Limits) -> list[Run]:
    """Time a round of each number of versions, in one fresh process; raise as `check` does."""
    settings = {
        "do": "measure",
        "versions": list(candidate.versions),
        "nonces": list(candidate.nonces),
    }
    return [_run(run) for run in _call(candidate.spec, settings, limits)["runs"]]


def _call(spec: Spec, settings: Result, limits: Limits) -> Result:
    try:
        return children.call(
            "kernel", {**settings, "kernel": spec.text, "cpu": limits.cpu}, limits.timeout
        )
    except ChildTimeoutError as error:
        raise VerificationError(
            f"kernel {spec.text} hangs: no result within {limits.timeout:g} s (--timeout)"
        ) from error
    except ChildExitError as error:
        raise _as_error(spec, error) from error
    except ChildError as error:
        raise VerificationError(f"kernel {spec.text}: {error}") from error


def _as_error(spec: Spec, error: ChildExitError) -> StampmillError:
    if error.code < 0:
        return _crash(spec, -error.code)
    kind = _ERRORS.get(ExitCode(error.code)) if error.code in list(ExitCode) else None
    if kind is None:
        return VerificationError(
            f"kernel {spec.text} ends its process with exit code {error.code}: {error.words}"
        )
    return kind(error.words.removeprefix("kernel: "))


def _crash(spec: Spec, number: int) -> StampmillError:
    name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
    if number == signal.SIGILL:
        return NoDeviceError(
            f"kernel {spec.text} crashes with SIGILL: built with instructions that this CPU lacks"
        )
    meaning = signal.strsignal(number)
    return VerificationError(f"kernel {spec.text} crashes with {name} ({meaning})")


def _run(run: Result) -> Run:
    sample = Sample(
        run["cpu_seconds"],
        run["wall_seconds"],
        run["cycles"],
        run["instructions"],
        run["misses"],
        run["joules"],
        tuple(Stretch(*stretch) for stretch in run["stretches"]),
    )
    return Run(sample, tuple(Hit(*hit) for hit in run["hits"]), run["warm_up"], run["flat"])
