"""A result file as text: the machine, the times, and the verdicts if it has any."""

from collections.abc import Mapping, Sequence
from typing import Any

from stampmill.bench import table
from stampmill.bench.host import machine
from stampmill.bench.record import Document

HEAD = ("benchmark", "median ns", "+-", "rounds", "MH/s", "cycles/hash", "of limit", "ratio")


def render(record: Document) -> str:
    """Return the record as tables; what it lacks shows as a dash."""
    commit = record.get("commit_info") or {}
    lines = [
        machine.describe(record["machine_info"]),
        f"commit {str(commit.get('id'))[:12]}, {record.get('datetime', 'no date')}",
        "",
    ]
    if record.get("targets"):
        lines += [verdicts(record["targets"]), ""]
    lines.append(_times(record["benchmarks"]))
    return "\n".join(lines)


def verdicts(targets: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of a record's targets."""
    head = ("target", "measured", "limit", "verdict", "detail")
    return table.render(head, [_verdict(target) for target in targets], left=(0, 4))


def _times(benchmarks: list[Mapping[str, Any]]) -> str:
    return table.render(HEAD, [row(benchmark) for benchmark in benchmarks])


def _verdict(target: Mapping[str, Any]) -> list[str]:
    unit, value = f" {target['unit']}".rstrip(), target["value"]
    measured = "-" if value is None else f"{value:.3f}".rstrip("0").rstrip(".") + unit
    limit = f"{target['bound']} {target['limit']:g}{unit}"
    return [target["title"], measured, limit, target["verdict"], target["detail"]]


def row(benchmark: Mapping[str, Any]) -> list[str]:
    """Return a benchmark's cells, a dash for what it lacks."""
    stats, extra = benchmark["stats"], benchmark.get("extra_info", {})
    rate, share = extra.get("hashes_per_second"), extra.get("share_of_limit")
    own = (extra.get("undisturbed") or {}).get("share_of_limit")
    return [
        str(benchmark["fullname"]),
        table.number(stats["median"] * 1e9, 2),
        f"{stats.get('mad', 0.0) / stats['median']:.1%}" if stats["median"] else "-",
        str(stats["rounds"]),
        table.number(rate / 1e6 if rate else None, 2),
        table.number(extra.get("cycles_per_hash")),
        (f"{share:.0%}" if share else "-") + (f" ({own:.0%})" if own else ""),
        table.number(extra.get("ratio_to_first"), 3),
    ]
