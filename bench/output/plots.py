"""Figures of a result, drawn by matplotlib: what there is to draw decides which.

Kernels against their port limits, how rounds are distributed, rates by threads, histograms of
latencies, and, of several results, rates from commit to commit.
"""

import importlib
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stampmill.bench.record import Document
from stampmill.core.errors import MissingExtraError, UsageError

FORMATS = (".png", ".svg", ".pdf")

_WIDTH, _HEIGHT = 9.0, 3.6
"""Inches of one figure."""

Benchmarks = Sequence[dict[str, Any]]
Panel = Callable[[Any, Sequence[Document]], None]


def check(path: Path) -> None:
    """Raise UsageError for a file whose name has no known end, MissingExtraError without plots."""
    if path.suffix not in FORMATS:
        raise UsageError(f"no plot in {path}: its name ends in {', '.join(FORMATS)}")
    _matplotlib()


def write(records: Sequence[Document], path: Path) -> None:
    """Write all figures of the newest record, and the history of all, into one file."""
    check(path)
    try:
        path.write_bytes(drawn(records, path.suffix.removeprefix(".")))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def drawn(records: Sequence[Document], form: str) -> bytes:
    """Return the figures, one below the other; raise UsageError if there is nothing to draw."""
    panels = _panels(records)
    if not panels:
        raise UsageError("nothing to plot: no rates and no rounds in this result")
    matplotlib = _matplotlib()
    # The figure's own canvas: no display is asked for, and no state is left behind.
    figure = matplotlib.Figure(figsize=(_WIDTH, _HEIGHT * len(panels)), layout="constrained")
    for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        panel(axes, records)
    file = io.BytesIO()
    # No date and no random names: the same result gives the same file.
    metadata = {"Date": None} if form == "svg" else None
    with matplotlib.settings({"svg.hashsalt": "stampmill"}):
        figure.savefig(file, format=form, dpi=120, metadata=metadata)
    return file.getvalue()


def _panels(records: Sequence[Document]) -> list[Panel]:
    newest = records[-1]["benchmarks"]
    wanted: list[tuple[Panel, object]] = [
        (_roofline, _limited(newest)),
        (_scaling, _scaled(newest)),
        (_distribution, _varied(newest)),
        (_job_switch, _latencies(newest, "job_switch")),
        (_share_path, _latencies(newest, "share_path")),
        (_history, len(records) > 1 and _histories(records)),
    ]
    return [panel for panel, content in wanted if content]


def _roofline(axes: Any, records: Sequence[Document]) -> None:
    rows = _limited(records[-1]["benchmarks"])
    names = [row["name"] for row in rows]
    limits = [row["extra_info"]["port_limit_cycles_per_hash"] for row in rows]
    axes.barh(names, [row["extra_info"]["cycles_per_hash"] for row in rows], label="measured")
    axes.barh(names, limits, height=0.4, label="what the ports allow")
    axes.invert_yaxis()
    axes.set(title="Cycles per hash, and the roofline", xlabel="cycles per hash")
    axes.legend()


def _scaling(axes: Any, records: Sequence[Document]) -> None:
    for name, points in _scaled(records[-1]["benchmarks"]).items():
        threads, rates = zip(*points, strict=True)
        (line,) = axes.plot(threads, [rate / 1e6 for rate in rates], marker="o", label=name)
        ideal = [rates[0] / threads[0] * count / 1e6 for count in threads]
        axes.plot(threads, ideal, linestyle=":", color=line.get_color())
    axes.set(title="Rate by threads; dotted: in proportion", xlabel="threads", ylabel="MH/s")
    axes.set_ylim(bottom=0)
    axes.legend()


def _distribution(axes: Any, records: Sequence[Document]) -> None:
    rows = _varied(records[-1]["benchmarks"])
    spread = [
        [100 * (value / row["stats"]["median"] - 1) for value in row["stats"]["data"]]
        for row in rows
    ]
    axes.boxplot(spread, orientation="horizontal", tick_labels=[row["name"] for row in rows])
    axes.invert_yaxis()
    axes.set(title="How rounds differ from their median", xlabel="% of the median's time")


def _job_switch(axes: Any, records: Sequence[Document]) -> None:
    _histograms(axes, _latencies(records[-1]["benchmarks"], "job_switch"))
    axes.set(title="From a job read to all threads on it")


def _share_path(axes: Any, records: Sequence[Document]) -> None:
    _histograms(axes, _latencies(records[-1]["benchmarks"], "share_path"))
    axes.set(title="From a nonce found to its submit written")


def _histograms(axes: Any, rows: Benchmarks) -> None:
    """Draw each row's share of every step, on one scale for all."""
    for row in rows:
        found = row["extra_info"]["histogram"]
        milliseconds = [1000 * bound for bound in found["not_above_seconds"]]
        total = sum(found["counts"])
        shares = [100 * count / total for count in found["counts"]]
        axes.plot(milliseconds, shares, drawstyle="steps-mid", label=f"{row['name']} ({total})")
    axes.set_xscale("log")
    axes.set(xlabel="ms", ylabel="% of them")
    axes.legend(fontsize="small")


def _history(axes: Any, records: Sequence[Document]) -> None:
    commits = [str(record.get("commit_info", {}).get("id", "?"))[:8] for record in records]
    for name, rates in _histories(records).items():
        axes.plot(range(len(rates)), [rate / 1e6 for rate in rates], marker="o", label=name)
    axes.set_xticks(range(len(commits)), commits, rotation=30)
    axes.set(title="From commit to commit", ylabel="MH/s")
    axes.set_ylim(bottom=0)
    axes.legend()


def _limited(benchmarks: Benchmarks) -> list[dict[str, Any]]:
    keys = ("cycles_per_hash", "port_limit_cycles_per_hash")
    return [one for one in benchmarks if all(one.get("extra_info", {}).get(key) for key in keys)]


def _varied(benchmarks: Benchmarks) -> list[dict[str, Any]]:
    """Return rows of more than one round; latencies have histograms."""
    return [
        one
        for one in benchmarks
        if len(one["stats"].get("data") or ()) > 1 and "histogram" not in one.get("extra_info", {})
    ]


def _latencies(benchmarks: Benchmarks, what: str) -> list[dict[str, Any]]:
    return [
        one
        for one in benchmarks
        if "histogram" in one.get("extra_info", {}) and one["params"].get("what") == what
    ]


def _scaled(benchmarks: Benchmarks) -> dict[str, list[tuple[int, float]]]:
    """Return threads and rates by kernel, of those that ran with several numbers of threads."""
    points = defaultdict(list)
    for one in benchmarks:
        extra, params = one.get("extra_info", {}), one.get("params") or {}
        if extra.get("hashes_per_second") and "threads" in params:
            points[str(params.get("kernel"))].append(
                (params["threads"], extra["hashes_per_second"])
            )
    return {name: sorted(row) for name, row in points.items() if len(row) > 1}


def _histories(records: Sequence[Document]) -> dict[str, list[float]]:
    """Return the rates of those benchmarks that every record has."""
    rates = [
        {one["fullname"]: rate for one in record["benchmarks"] if (rate := _rate(one))}
        for record in records
    ]
    common = set(rates[0]).intersection(*rates)
    return {name: [row[name] for row in rates] for name in rates[-1] if name in common}


def _rate(benchmark: dict[str, Any]) -> float:
    return float(benchmark.get("extra_info", {}).get("hashes_per_second") or 0)


class _Library:
    """The two names of matplotlib that are used."""

    def __init__(self) -> None:
        self.Figure = importlib.import_module("matplotlib.figure").Figure
        self.settings = importlib.import_module("matplotlib").rc_context


def _matplotlib() -> _Library:
    try:
        return _Library()
    except ModuleNotFoundError as error:
        raise MissingExtraError("a plot", "report") from error
