"""All parts of the pipeline benchmark: run them, print them, record them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from stampmill.bench import show
from stampmill.bench.host import machine
from stampmill.bench.pipeline import (
    device,
    fan_out,
    intervals,
    latency,
    memory,
    messages,
    rate,
    soak,
    start,
    surfaces,
)
from stampmill.bench.pipeline.effort import FULL, Effort
from stampmill.bench.pipeline.targets import Finding, Outcome, Target, Verdict
from stampmill.bench.processes.neighbours import Neighbours
from stampmill.bench.record import Document, document
from stampmill.core.errors import StampmillError, UsageError

_BUSY = 0.02
"""From this share of the CPUs on, other processes make latencies worse than they are."""


@dataclass(frozen=True, slots=True)
class Part:
    """A measurement and the targets that it judges."""

    name: str
    targets: Sequence[Target]
    measure: Callable[[Effort], Finding]


PARTS = (
    Part("rate", rate.TARGETS, rate.measure),
    Part("latency", latency.TARGETS, latency.measure),
    Part("tls", latency.TLS_TARGETS, latency.measure_tls),
    Part("paces", intervals.TARGETS, intervals.measure),
    Part("start", start.TARGETS, start.measure),
    Part("memory", memory.TARGETS, memory.measure),
    Part("soak", soak.TARGETS, soak.measure),
    Part("crowd", fan_out.TARGETS, fan_out.measure),
    Part("messages", messages.TARGETS, messages.measure),
    Part("surfaces", surfaces.TARGETS, surfaces.measure),
)
DEVICE = Part("device", device.TARGETS, device.measure)
"""Measured where a device is asked for, alone."""


def names() -> list[str]:
    """Return what may be measured alone: targets, and parts for all of theirs."""
    parts = (*PARTS, DEVICE)
    targets = [target.name for part in parts for target in part.targets]
    return list(dict.fromkeys([*(part.name for part in parts), *targets]))


def measure(
    only: Sequence[str],
    effort: Effort,
    progress: Callable[[str], None] = lambda _line: None,
    patience: float = 0.0,
) -> list[Finding]:
    """Run the parts that these names need, or all; raise UsageError for an unknown name.

    A part that fails leaves its targets unmeasured, with the reason. A part that other processes
    disturbed is run again, each for at most `patience` seconds; the least disturbed run counts,
    whatever it found.
    """
    unknown = [name for name in only if name not in names()]
    if unknown:
        raise UsageError(f"no target '{unknown[0]}'; there are {', '.join(names())}")
    findings = []
    for part in (DEVICE,) if effort.device else PARTS:
        if not only or _is_wanted(part, only):
            progress(f"measuring {part.name}")
            findings.append(_selected(_quietest(part, effort, patience), part, only))
    return findings


def report(findings: Sequence[Finding], effort: Effort) -> str:
    """Return the table of verdicts for people."""
    outcomes = [one.as_dict() for finding in findings for one in finding.outcomes]
    lines = [show.verdicts(outcomes), "", machine.describe(machine.machine_info())]
    for finding in findings:
        if _is_disturbed(finding):
            share = f"{finding.others:.0%} of the CPUs"
            lines.append(f"unstable: other processes used {share} during {finding.part}")
    if effort.priority is not FULL.priority:
        lines.append(f"the miner's threads had {effort.priority.value} priority")
    if _is_short(effort):
        lines.append("a short run: not to be quoted")
    return "\n".join(lines)


def as_document(findings: Sequence[Finding], effort: Effort) -> Document:
    """Return the record: times as benchmarks, verdicts as targets."""
    record = document(
        [benchmark for finding in findings for benchmark in finding.benchmarks],
        [outcome.as_dict() for finding in findings for outcome in finding.outcomes],
    )
    record["short_run"] = _is_short(effort)
    record["cpu_priority"] = effort.priority.value
    record["others"] = {finding.part: finding.others for finding in findings}
    return record


def missed(findings: Sequence[Finding]) -> list[str]:
    """Return the names of the targets that were missed or could not be measured."""
    return [
        outcome.target.name
        for finding in findings
        for outcome in finding.outcomes
        if outcome.verdict is not Verdict.MET
    ]


def _is_short(effort: Effort) -> bool:
    return replace(effort, device=FULL.device, priority=FULL.priority) != FULL


def _is_wanted(part: Part, only: Sequence[str]) -> bool:
    return part.name in only or any(target.name in only for target in part.targets)


def _quietest(part: Part, effort: Effort, patience: float) -> Finding:
    """Return the run during which other processes did least; one is enough if it was quiet."""
    deadline = monotonic() + patience
    best = _attempt(part, effort)
    while _is_disturbed(best) and monotonic() < deadline:
        best = min(best, _attempt(part, effort), key=lambda finding: finding.others or 0.0)
    return best


def _is_disturbed(finding: Finding) -> bool:
    return finding.others is not None and finding.others > _BUSY


def _attempt(part: Part, effort: Effort) -> Finding:
    neighbours = Neighbours()
    try:
        finding = part.measure(effort)
    except StampmillError as error:
        finding = Finding([Outcome(target, None, str(error)) for target in part.targets])
    return replace(finding, part=part.name, others=neighbours.share())


def _selected(finding: Finding, part: Part, only: Sequence[str]) -> Finding:
    """Keep the outcomes asked for; the part's name asks for all."""
    if not only or part.name in only:
        return finding
    kept = [outcome for outcome in finding.outcomes if outcome.target.name in only]
    return replace(finding, outcomes=kept)
