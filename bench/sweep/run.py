"""A sweep on this host: point by point against the kernel as it is built, resumed where it ended.

A file has a line of JSON for each point that was measured; it counts for its CPU and generated
source: a sweep of newer code measures again.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec

from stampmill.bench import machine
from stampmill.bench.candidates import contest
from stampmill.bench.candidates.contest import Plan
from stampmill.bench.candidates.spec import parse
from stampmill.bench.summary import Ratio, Summary
from stampmill.bench.sweep import build
from stampmill.bench.sweep.grid import Point
from stampmill.core.errors import StampmillError, UsageError

ROUNDS = 5
"""Enough to sort points; those at the top are worth comparing with `bench kernels`."""

HEAD = ("point", "MH/s", "ratio", "95 % interval")


class Result(msgspec.Struct, frozen=True):
    """A point, and how many times as fast as the usual kernel it was; or why it was not."""

    host: str
    kernel: str
    source: str  # the first digits of the generated text's SHA-256
    point: Mapping[str, int]
    hashes_per_second: float = 0.0
    ratio: float = 0.0
    interval: tuple[float, float] = (0.0, 0.0)
    failure: str = ""


def sweep(
    kernel: str,
    points: Sequence[Point],
    file: Path,
    plan: Plan,
    progress: Callable[[int, int, str], None] = lambda _done, _all, _line: None,
) -> list[Result]:
    """Measure what the file does not have yet, and return all of these points, best first.

    Raise UsageError for a kernel that is not generated or a file that is no sweep's.
    """
    build.row(kernel)
    wanted = [_empty(kernel, point) for point in points]
    known = {_key(one): one for one in read(file)}
    with tempfile.TemporaryDirectory() as folder:
        for number, empty in enumerate(wanted):
            progress(number, len(points), _named(empty.point))
            if _key(empty) not in known:
                known[_key(empty)] = _measured(empty, Path(folder), plan)
                _append(file, known[_key(empty)])
    progress(len(points), len(points), "done")
    return sorted((known[_key(empty)] for empty in wanted), key=lambda one: -one.ratio)


def read(file: Path) -> list[Result]:
    """Return what a file has, none if there is none; a line cut off at its end is passed over."""
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    try:
        return [msgspec.json.decode(line, type=Result) for line in lines[:-1] if line]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} holds no sweep: {error}") from error


def rows(results: Sequence[Result]) -> list[list[str]]:
    """Return the table's cells; a ratio whose interval holds 1 is none."""
    return [_cells(one) for one in results]


def _empty(kernel: str, point: Point) -> Result:
    digest = sha256(build.woven(kernel, point).encode()).hexdigest()
    return Result(_host(), kernel, digest[:16], dict(point))


def _measured(empty: Result, folder: Path, plan: Plan) -> Result:
    """Time a point beside the kernel as it is; what fails is told, and the sweep goes on."""
    own = replace(plan, version_counts=[empty.point.get("k", 1)])
    try:
        path = build.build(empty.kernel, tuple(empty.point.items()), folder)
        compared = contest.compare([parse(empty.kernel), parse(str(path))], own)
    except UsageError:
        raise
    except StampmillError as error:
        return msgspec.structs.replace(empty, failure=str(error))
    usual, mine = (one.seconds_per_hash() for one in compared.measurements)
    ratio = Ratio.of(usual, mine)
    rate = 1 / Summary.of(mine).median
    return msgspec.structs.replace(
        empty, hashes_per_second=rate, ratio=ratio.median, interval=(ratio.low, ratio.high)
    )


def _host() -> str:
    """Return the kind of machine: results of several files may be put together."""
    return str(machine.cpu_info()["brand_raw"])


def _key(one: Result) -> tuple[object, ...]:
    return one.host, one.kernel, one.source, tuple(sorted(one.point.items()))


def _append(file: Path, result: Result) -> None:
    """Write a line at once: an interruption costs one point."""
    try:
        with file.open("ab") as stream:
            stream.write(msgspec.json.encode(result) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error


def _cells(one: Result) -> list[str]:
    if one.failure:
        return [_named(one.point), "-", "-", one.failure]
    low, high = one.interval
    ratio = "-" if low <= 1 <= high else f"{one.ratio:.3f}"
    return [_named(one.point), f"{one.hashes_per_second / 1e6:.2f}", ratio, f"{low:.3f}-{high:.3f}"]


def _named(point: Mapping[str, int]) -> str:
    return " ".join(f"{name}={value}" for name, value in point.items())
