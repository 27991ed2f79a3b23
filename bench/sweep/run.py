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

from stampmill.bench.candidates import contest
from stampmill.bench.candidates.contest import Plan
from stampmill.bench.candidates.spec import parse
from stampmill.bench.host import machine
from stampmill.bench.summary import Ratio, Summary
from stampmill.bench.sweep import build
from stampmill.bench.sweep.grid import Point
from stampmill.core.errors import StampmillError, UsageError

ROUNDS = 5
"""Enough to sort points; those at the top are worth comparing with `bench kernels`."""

HEAD = ("point", "MH/s", "ratio", "95 % interval", "host")


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
    wanted = [empty(kernel, point) for point in points]
    known = {key(one): one for one in read(file)}
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(wanted):
            progress(number, len(points), named(one.point))
            if key(one) not in known:
                known[key(one)] = measured(one, plan, Path(folder))
                append(file, known[key(one)])
    progress(len(points), len(points), "done")
    return sorted((known[key(one)] for one in wanted), key=lambda one: -one.ratio)


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


def empty(kernel: str, point: Point) -> Result:
    """Return a point that is still to be measured; raise UsageError for one without sense."""
    digest = sha256(build.woven(kernel, point).encode()).hexdigest()
    return Result(_host(), kernel, digest[:16], dict(point))


def measured(wanted: Result, plan: Plan, folder: Path) -> Result:
    """Time a point beside the kernel as it is; what fails is told, and the sweep goes on."""
    own = replace(plan, version_counts=[wanted.point.get("k", 1)])
    try:
        path = build.build(wanted.kernel, tuple(wanted.point.items()), folder)
        compared = contest.compare([parse(wanted.kernel), parse(str(path))], own)
    except UsageError:
        raise
    except StampmillError as error:
        return msgspec.structs.replace(wanted, failure=str(error))
    usual, mine = (one.seconds_per_hash() for one in compared.measurements)
    ratio = Ratio.of(usual, mine)
    rate = 1 / Summary.of(mine).median
    return msgspec.structs.replace(
        wanted, hashes_per_second=rate, ratio=ratio.median, interval=(ratio.low, ratio.high)
    )


def _host() -> str:
    """Return the kind of machine: results of several files may be put together."""
    return str(machine.cpu_info()["brand_raw"])


def key(one: Result) -> tuple[object, ...]:
    """Return what makes two results the same one's."""
    return one.host, one.kernel, one.source, tuple(sorted(one.point.items()))


def append(file: Path, result: Result) -> None:
    """Write a line at once: an interruption costs one point."""
    try:
        with file.open("ab") as stream:
            stream.write(msgspec.json.encode(result) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error


def _cells(one: Result) -> list[str]:
    if one.failure:
        return [named(one.point), "-", "-", one.failure, one.host]
    low, high = one.interval
    ratio = "-" if low <= 1 <= high else f"{one.ratio:.3f}"
    return [
        named(one.point),
        f"{one.hashes_per_second / 1e6:.2f}",
        ratio,
        f"{low:.3f}-{high:.3f}",
        one.host,
    ]


def named(point: Mapping[str, int]) -> str:
    """Return a point for people."""
    return " ".join(f"{name}={value}" for name, value in point.items())
