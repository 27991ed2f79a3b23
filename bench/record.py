"""Results as files: pytest-benchmark's JSON shape, so that its tools read ours.

A time in `stats` is seconds per iteration, an iteration one hash or one event. `targets` is ours:
verdicts on what is not a time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from stampmill.bench.host.machine import commit_info, machine_info
from stampmill.bench.summary import Summary, outliers
from stampmill.core.errors import UsageError

SHAPE_VERSION = "5.0.0"
"""The pytest-benchmark whose file this could be."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One row of times: `data` in seconds per iteration, one number a round."""

    group: str
    name: str
    data: Sequence[float]
    iterations: int = 1
    params: dict[str, object] = field(default_factory=dict)
    extra_info: dict[str, object] = field(default_factory=dict)


def document(
    benchmarks: Sequence[Benchmark], targets: Sequence[dict[str, object]] = ()
) -> Document:
    """Return the whole record, with this machine and this commit in it."""
    result: Document = {
        "machine_info": machine_info(),
        "commit_info": commit_info(),
        "benchmarks": [_as_dict(benchmark) for benchmark in benchmarks],
        "datetime": datetime.now(UTC).isoformat(),
        "version": SHAPE_VERSION,
    }
    if targets:
        result["targets"] = list(targets)
    return result


def encode(record: Document) -> str:
    """Return the record as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def write(record: Document, path: Path) -> None:
    """Write the record; raise UsageError if the file cannot be written."""
    try:
        path.write_text(encode(record), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def read(path: Path) -> Document:
    """Read a record; raise UsageError if the file is no benchmark result."""
    try:
        content = path.read_bytes()
        msgspec.json.decode(content, type=_Shape)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is no benchmark result: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    return msgspec.json.decode(content, type=dict[str, Any])


class _Stats(msgspec.Struct):
    median: float
    rounds: int
    data: list[float] = []


class _Row(msgspec.Struct):
    name: str
    fullname: str
    stats: _Stats
    extra_info: dict[str, Any] = {}


class _Shape(msgspec.Struct):
    """What is read of a file; it may hold more."""

    machine_info: dict[str, Any]
    benchmarks: list[_Row]


def _as_dict(benchmark: Benchmark) -> Document:
    return {
        "group": benchmark.group,
        "name": benchmark.name,
        "fullname": f"{benchmark.group}::{benchmark.name}",
        "params": benchmark.params,
        "param": None,
        "extra_info": benchmark.extra_info,
        "options": {},
        "stats": _stats(benchmark.data, benchmark.iterations),
    }


def _stats(data: Sequence[float], iterations: int) -> Document:
    summary = Summary.of(data)
    beyond_deviation, beyond_fences = outliers(data)
    total = math.fsum(data)
    return {
        "min": summary.min,
        "max": summary.max,
        "mean": summary.mean,
        "stddev": summary.stddev,
        "rounds": summary.rounds,
        "median": summary.median,
        "mad": summary.mad,
        "iqr": summary.iqr,
        "q1": summary.q1,
        "q3": summary.q3,
        "iqr_outliers": beyond_fences,
        "stddev_outliers": beyond_deviation,
        "outliers": f"{beyond_deviation};{beyond_fences}",
        "ops": summary.rounds / total if total else 0.0,
        "total": total,
        "data": list(data),
        "iterations": iterations,
    }
