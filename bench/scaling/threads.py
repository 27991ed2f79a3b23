"""`stampmill bench threads`: one kernel on 1 .. n CPUs, in turn, each time in a fresh process."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stampmill.bench import table
from stampmill.bench.candidates import load
from stampmill.bench.candidates.spec import parse
from stampmill.bench.host import machine
from stampmill.bench.pipeline import windows
from stampmill.bench.pipeline.windows import Window
from stampmill.bench.processes import children
from stampmill.bench.processes.children import Result, Settings
from stampmill.bench.record import Benchmark, Document, document
from stampmill.bench.scaling import energy
from stampmill.bench.summary import Summary
from stampmill.core.backends.options import CpuPriority
from stampmill.core.errors import UsageError

ROUNDS = 11
SECONDS = 0.5

HEAD = ("threads", "MH/s", "+-", "of proportion", "nJ/hash")

_SLACK = 120.0
"""Seconds that a process may take beside the hashing: it may have to compile."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to measure; `counts` None: every number of CPUs that there are."""

    kernel: str
    counts: Sequence[int] | None = None
    rounds: int = ROUNDS
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Row:
    """A number of threads: rates in hashes a second of the time that was left to us, by round.

    `joules` is by hash, where the machine counts energy: all that it used, not ours alone.
    """

    kernel: str
    threads: int
    rates: list[float] = field(default_factory=list)
    joules: list[float] = field(default_factory=list)


def measure(plan: Plan, progress: Callable[[str], None] = lambda _line: None) -> list[Row]:
    """Run every number of threads in every round; raise UsageError for more than CPUs."""
    cpus = machine.usable_cpus()
    counts = plan.counts or range(1, len(cpus) + 1)
    if max(counts) > len(cpus):
        raise UsageError(f"no {max(counts)} threads: this process has {len(cpus)} CPUs")
    rows = [Row(plan.kernel, count) for count in counts]
    for number in range(1, plan.rounds + 1):
        for row in rows:
            _run(row, cpus[: row.threads], plan.seconds)
        progress(f"round {number} of {plan.rounds}")
    return rows


def child(settings: Settings) -> Result:
    """Hash on these CPUs for a while, after a warm-up that does not count."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, settings["cpus"])
    loaded = load.load(parse(settings["kernel"]))
    if loaded.device is not None:
        raise UsageError(
            f"kernel {settings['kernel']} is an OpenCL device's, which has threads of its own"
        )
    # Threads that give way may get no CPU at all beside other work, and then there is no rate.
    windows.of_bare_kernel(loaded.kernel, settings["seconds"] / 4, CpuPriority.NORMAL)
    before = energy.read()
    window = windows.of_bare_kernel(loaded.kernel, settings["seconds"], CpuPriority.NORMAL)
    joules = energy.between(before, energy.read())
    return {"rate": window.rate, "joules": _per_hash(joules, window)}


def rows(measured: Sequence[Row]) -> list[list[str]]:
    """Return the table's cells; the proportion is to the first row's rate for each thread."""
    return [_cells(row, measured[0]) for row in measured]


def remarks(measured: Sequence[Row]) -> list[str]:
    """Return what was measured on, and what was not."""
    lines = [
        machine.describe(machine.machine_info()),
        f"{measured[0].kernel}, {len(measured[0].rates)} rounds in turn, each in a fresh process "
        "pinned to its CPUs; of the time that other processes left",
    ]
    if not any(row.joules for row in measured):
        lines.append(
            "no energy: nothing to read under /sys/class/powercap (RAPL; often for root only)"
        )
    if len(measured[0].rates) < ROUNDS:
        lines.append(f"fewer than {ROUNDS} rounds: not to be quoted")
    return lines


def report(measured: Sequence[Row]) -> str:
    """Return table and remarks as text."""
    return "\n".join([table.render(HEAD, rows(measured)), "", *remarks(measured)])


def as_document(measured: Sequence[Row]) -> Document:
    """Return the record."""
    return document([_benchmark(row, measured[0]) for row in measured])


def _run(row: Row, cpus: Sequence[int], seconds: float) -> None:
    settings = {"kernel": row.kernel, "cpus": list(cpus), "seconds": seconds}
    result = children.call("threads", settings, _SLACK + 2 * seconds)
    row.rates.append(result["rate"])
    if result["joules"] is not None:
        row.joules.append(result["joules"])


def _per_hash(joules: float | None, window: Window) -> float | None:
    return joules / window.hashes if joules and window.hashes else None


def _proportion(row: Row, first: Row) -> float:
    alone = Summary.of(first.rates).median / first.threads
    return Summary.of(row.rates).median / (row.threads * alone)


def _cells(row: Row, first: Row) -> list[str]:
    rates = Summary.of(row.rates)
    return [
        str(row.threads),
        table.number(1e-6 * rates.median, 2),
        f"{rates.mad / rates.median:.1%}",
        f"{_proportion(row, first):.1%}",
        table.number(1e9 * Summary.of(row.joules).median, 2) if row.joules else "-",
    ]


def _benchmark(row: Row, first: Row) -> Benchmark:
    return Benchmark(
        group="threads",
        name=f"{row.kernel}[threads={row.threads}]",
        data=[1 / rate for rate in row.rates],
        params={"kernel": row.kernel, "threads": row.threads},
        extra_info={
            "hashes_per_second": Summary.of(row.rates).median,
            "of_proportion": _proportion(row, first),
            "joules_per_hash": Summary.of(row.joules).median if row.joules else None,
        },
    )
