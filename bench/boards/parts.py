"""All parts of the boards' benchmark: run them, print them, record them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stampmill.bench import show
from stampmill.bench.boards import faults, load, soak, switch
from stampmill.bench.host import machine
from stampmill.bench.pipeline.targets import Finding, Target, Verdict
from stampmill.bench.record import Document, document
from stampmill.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured. The soak's hours are virtual: a real minute is about half of one."""

    boards: int = 10
    seconds: float = 20.0
    switches: int = 300
    hours: float = 0.5
    seed: int = 1


Measure = Callable[[Extent], Finding]

PARTS: dict[str, tuple[Measure, Sequence[Target]]] = {
    "load": (lambda extent: load.measure(extent.boards, extent.seconds), load.TARGETS),
    "switch": (lambda extent: switch.measure(extent.switches, extent.boards), switch.TARGETS),
    "faults": (lambda _extent: faults.measure(), faults.TARGETS),
    "soak": (lambda extent: soak.measure(extent.hours, extent.seed), soak.TARGETS),
}


def measure(
    only: Sequence[str], extent: Extent, progress: Callable[[str], None] = lambda _line: None
) -> list[Finding]:
    """Run the parts of these names, or all; raise UsageError for an unknown one."""
    unknown = [name for name in only if name not in PARTS]
    if unknown:
        raise UsageError(f"no part '{unknown[0]}' of the boards; there are {', '.join(PARTS)}")
    findings = []
    for name in only or PARTS:
        progress(f"measuring {name}")
        findings.append(PARTS[name][0](extent))
    return findings


def report(findings: Sequence[Finding]) -> str:
    """Return the table of verdicts for people."""
    return "\n".join((show.verdicts(_outcomes(findings)), "", _machine()))


def as_document(findings: Sequence[Finding]) -> Document:
    """Return the record."""
    benchmarks = [benchmark for finding in findings for benchmark in finding.benchmarks]
    return document(benchmarks, _outcomes(findings))


def missed(findings: Sequence[Finding]) -> list[str]:
    """Return the names of the targets that were missed or could not be measured."""
    return [
        outcome.target.name
        for finding in findings
        for outcome in finding.outcomes
        if outcome.verdict is not Verdict.MET
    ]


def _outcomes(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [outcome.as_dict() for finding in findings for outcome in finding.outcomes]


def _machine() -> str:
    return machine.describe(machine.machine_info())
