"""`stampmill bench kernels`: which kernel is right, and how fast each is beside the first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stampmill.bench import gate, limits, machine, table, timing
from stampmill.bench.counters import unavailable
from stampmill.bench.limits import Limit
from stampmill.bench.record import Benchmark, Document, document
from stampmill.bench.summary import Ratio, Summary
from stampmill.bench.timing import Case, Measurement
from stampmill.core.scan import Kernel

GROUP = "kernels"

_HEAD = (
    *("kernel", "MH/s", "+-", "cycles/hash", "instr/hash"),
    *("ops/hash", "port limit", "of limit", "ratio", "95 % interval"),
)

_SHARED = 0.9
"""Below this share of its CPU a kernel was disturbed by other processes."""
_SPREAD = 0.05
"""Above this median deviation the rate alone says little; the ratio still holds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to measure. `version_counts` None: one version, and as many as the kernel takes."""

    rounds: int = timing.ROUNDS
    seconds: float = timing.ROUND_SECONDS
    cpu: int | None = None
    version_counts: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured, and on which CPU."""

    measurements: Sequence[Measurement]
    cpu: int
    load_before: float | None


def compare(
    kernels: Sequence[Kernel], plan: Plan, progress: Callable[[str], None] = lambda _line: None
) -> Comparison:
    """Check every kernel, then time all in turn; raise VerificationError for a wrong one."""
    cases = [case for kernel in kernels for case in _cases(kernel, plan)]
    for kernel in kernels:
        progress(f"checking {kernel.name} against hashlib")
        gate.check(kernel, [case.versions for case in cases if case.kernel is kernel])
    cpu = machine.usable_cpus()[-1] if plan.cpu is None else plan.cpu
    load = machine.load()
    measured = timing.measure(cases, plan.rounds, plan.seconds, cpu, progress)
    return Comparison(measured, cpu, load)


def report(comparison: Comparison) -> str:
    """Return the table for people, with every reason to doubt it below."""
    first = comparison.measurements[0]
    rows = [_row(measurement, first) for measurement in comparison.measurements]
    return "\n".join([table.render(_HEAD, rows), "", *_remarks(comparison)])


def as_document(comparison: Comparison) -> Document:
    """Return the record of the comparison."""
    first = comparison.measurements[0]
    return document([_benchmark(one, first, comparison) for one in comparison.measurements])


def _cases(kernel: Kernel, plan: Plan) -> list[Case]:
    wanted = plan.version_counts or sorted({1, kernel.max_versions})
    counts = [count for count in wanted if count <= kernel.max_versions] or [1]
    return [Case(kernel, count) for count in counts]


def _row(measurement: Measurement, first: Measurement) -> list[str]:
    seconds = Summary.of(measurement.seconds_per_hash())
    ratio = _ratio(measurement, first)
    known, share = _limit(measurement), _share_of_limit(measurement)
    return [
        measurement.case.name,
        table.number(1e-6 / seconds.median, 2),
        f"{seconds.mad / seconds.median:.1%}",
        table.number(_median(measurement.cycles_per_hash())),
        table.number(_median(measurement.instructions_per_hash())),
        table.number(known.total if known else None),
        table.number(known.cycles if known else None),
        "-" if share is None else f"{share:.0%}",
        table.number(ratio.median, 3),
        f"{ratio.low:.3f}-{ratio.high:.3f}",
    ]


def _ratio(measurement: Measurement, first: Measurement) -> Ratio:
    """Return how many times as fast as the first it is."""
    return Ratio.of(first.seconds_per_hash(), measurement.seconds_per_hash())


def _limit(measurement: Measurement) -> Limit | None:
    kernel, versions = measurement.case.kernel, measurement.case.versions
    return limits.limit(kernel.name, kernel.lanes, versions, limits.this_core())


def _share_of_limit(measurement: Measurement) -> float | None:
    """Return how much of what the ports allow was reached: 1 is all."""
    known, cycles = _limit(measurement), _median(measurement.cycles_per_hash())
    return known.cycles / cycles if known and known.cycles and cycles else None


def _median(values: Sequence[float] | None) -> float | None:
    return Summary.of(values).median if values else None


def _remarks(comparison: Comparison) -> list[str]:
    rounds = len(comparison.measurements[0].samples)
    lines = [
        machine.describe(machine.machine_info()),
        f"{rounds} rounds in turn, pinned to CPU {comparison.cpu}, by CPU time; "
        "MH/s: median, +- its median deviation; ratio: to the first, pair by pair",
    ]
    if (why := unavailable()) is not None:
        lines.append(f"{why}: {_instead(comparison)}")
    lines.append(_about_limits())
    if rounds < timing.ROUNDS:
        lines.append(f"fewer than {timing.ROUNDS} rounds: not to be quoted")
    return lines + [f"unstable: {doubt}" for doubt in _doubts(comparison)]


def _instead(comparison: Comparison) -> str:
    if any(measurement.cycles_per_hash() for measurement in comparison.measurements):
        return "cycles are CPU time over that of an addition, timed beside it"
    return "time only"


def _about_limits() -> str:
    core = limits.this_core()
    if core is None:
        return "port limit: not known for this CPU"
    return f"port limit: fewest cycles for these operations on {core.name} ({core.source})"


def _doubts(comparison: Comparison) -> Iterator[str]:
    share = min(measurement.cpu_share() for measurement in comparison.measurements)
    if share < _SHARED:
        yield f"other processes held CPU {comparison.cpu} for {1 - share:.0%} of a run"
    for measurement in comparison.measurements:
        summary = Summary.of(measurement.seconds_per_hash())
        if summary.mad > _SPREAD * summary.median:
            yield f"rounds of {measurement.case.name} differ by {summary.mad / summary.median:.0%}"


def _benchmark(measurement: Measurement, first: Measurement, comparison: Comparison) -> Benchmark:
    case, data = measurement.case, measurement.seconds_per_hash()
    ratio, known, core = _ratio(measurement, first), _limit(measurement), limits.this_core()
    return Benchmark(
        group=GROUP,
        name=case.name,
        data=data,
        iterations=measurement.hashes,
        params={"kernel": case.kernel.name, "versions": case.versions},
        extra_info={
            "description": case.kernel.description,
            "lanes": case.kernel.lanes,
            "hashes": measurement.hashes,
            "hashes_per_second": 1 / Summary.of(data).median,
            "cycles_per_hash": _median(measurement.cycles_per_hash()),
            "instructions_per_hash": _median(measurement.instructions_per_hash()),
            "no_counters": unavailable(),
            "cycles_are": _source_of_cycles(measurement),
            "operations_per_hash": dict(known.operations) if known else None,
            "core": core.name if core else None,
            "port_limit_cycles_per_hash": known.cycles if known else None,
            "share_of_limit": _share_of_limit(measurement),
            "ratio_to_first": ratio.median,
            "ratio_interval": [ratio.low, ratio.high],
            "timer": "CPU time of the thread",
            "cpu_share": measurement.cpu_share(),
            "threads": 1,
            "pinned": comparison.cpu,
            "governor": machine.governor(comparison.cpu),
            "load_before": comparison.load_before,
        },
    )


def _source_of_cycles(measurement: Measurement) -> str | None:
    if measurement.cycles_per_hash() is None:
        return None
    return "timed" if measurement.instructions_per_hash() is None else "counted"
