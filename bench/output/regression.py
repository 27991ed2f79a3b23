"""A result against an older one: by medians, with the interval of each change."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stampmill.bench import table
from stampmill.bench.record import Document
from stampmill.bench.summary import RESAMPLES, Ratio, Summary, percentile
from stampmill.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Change:
    """A benchmark in both: `ratio` is how many times as long it takes now."""

    name: str
    before: float
    after: float
    ratio: Ratio


@dataclass(frozen=True, slots=True)
class Changes:
    """All that are in both, and those in one of the two only."""

    common: Sequence[Change]
    gone: Sequence[str]
    new: Sequence[str]
    other_machine: str = ""
    """The older result's CPU, if it was another."""


def compare(old: Document, new: Document) -> Changes:
    """Match benchmarks by their full names; raise UsageError if they have none in common."""
    before, after = _by_name(old), _by_name(new)
    common = [_change(name, before[name], after[name]) for name in after if name in before]
    if not common:
        raise UsageError(
            f"nothing to compare: the older result has {_some(before)}, this one {_some(after)}"
        )
    return Changes(
        common,
        [name for name in before if name not in after],
        [name for name in after if name not in before],
        _cpu(old) if _cpu(old) != _cpu(new) else "",
    )


def slower(changes: Changes, limit: float) -> list[Change]:
    """Return those whose median is longer by more than the limit, a fraction."""
    return [change for change in changes.common if change.ratio.median > 1 + limit]


def report(changes: Changes) -> str:
    """Return the changes as a table; a change whose interval holds 1 may be none."""
    head = ("benchmark", "before ns", "now ns", "time", "95 % interval", "")
    lines = [table.render(head, [_row(change) for change in changes.common])]
    lines += [f"not measured now: {name}" for name in changes.gone]
    lines += [f"not in the older result: {name}" for name in changes.new]
    if changes.other_machine:
        lines.append(f"measured on another machine: {changes.other_machine}")
    return "\n".join(lines)


def _row(change: Change) -> list[str]:
    ratio = change.ratio
    verdict = "" if not ratio.is_decided else "slower" if ratio.median > 1 else "faster"
    return [
        change.name,
        table.number(1e9 * change.before, 2),
        table.number(1e9 * change.after, 2),
        f"{ratio.median - 1:+.1%}",
        f"{ratio.low:.3f}-{ratio.high:.3f}",
        verdict,
    ]


def _by_name(record: Document) -> dict[str, Mapping[str, Any]]:
    return {benchmark["fullname"]: benchmark["stats"] for benchmark in record["benchmarks"]}


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    old, new = before.get("data") or [before["median"]], after.get("data") or [after["median"]]
    return Change(name, before["median"], after["median"], _ratio(old, new))


def _ratio(old: Sequence[float], new: Sequence[float]) -> Ratio:
    """Compare medians of rows that were not measured together: both are resampled."""
    chance = random.Random(len(old) * len(new))

    def resampled(row: Sequence[float]) -> float:
        return Summary.of(chance.choices(row, k=len(row))).median

    ratios = [resampled(new) / resampled(old) for _ in range(RESAMPLES)]
    middle = Summary.of(new).median / Summary.of(old).median
    return Ratio(middle, percentile(ratios, 2.5), percentile(ratios, 97.5))


def _cpu(record: Document) -> str:
    cpu = record["machine_info"].get("cpu")
    return str(cpu.get("brand_raw", "")) if isinstance(cpu, dict) else ""


def _some(names: Mapping[str, object]) -> str:
    return ", ".join(list(names)[:3]) or "none"
