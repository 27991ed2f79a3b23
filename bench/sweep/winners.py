"""What a sweep found to be worth having: its best points, built, to be tuned with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stampmill.bench.sweep import build, run
from stampmill.bench.sweep.grid import Point
from stampmill.bench.sweep.run import Result
from stampmill.core import native
from stampmill.core.errors import UsageError
from stampmill.core.native import NativeKernel
from stampmill.core.tuning import Variant

MOST = 3
"""Points of a sweep, which is noisy, that are measured once more beside the kernels built in."""


@dataclass(frozen=True, slots=True)
class Winner:
    """A point's kernel; its variant says all but which file it will be kept in."""

    kernel: NativeKernel
    variant: Variant
    path: Path


def winners(file: Path, folder: Path) -> list[Winner]:
    """Build the best points of this CPU and this code into a folder, and load them.

    Raise UsageError for a file that has none, and NoDeviceError for what does not build.
    """
    found = best([one for one in run.read(file) if _is_current(one)])
    if not found:
        raise UsageError(f"{file} has no point of this CPU and this code: sweep here first")
    return [_winner(one, folder) for one in found]


def best(results: Sequence[Result]) -> list[Result]:
    """Return the fastest points of all, and of those the ones that gain most on the usual kernel.

    A rate depends on how many versions share a schedule, and a ratio on the code alone.
    """
    whole = [one for one in results if not one.failure]
    by_rate = sorted(whole, key=lambda one: -one.hashes_per_second)[:1]
    by_ratio = sorted(whole, key=lambda one: -one.ratio)
    return list({run.key(one): one for one in [*by_rate, *by_ratio]}.values())[:MOST]


def _is_current(one: Result) -> bool:
    """Tell whether it was measured here, of a kernel that would be the same today."""
    try:
        return run.key(run.empty(one.kernel, tuple(one.point.items()))) == run.key(one)
    except UsageError:  # a kernel or a point that there was once
        return False


def _winner(one: Result, folder: Path) -> Winner:
    point = tuple(one.point.items())
    variant = Variant("-".join([one.kernel, *_words(point)]), "", "", point, one.point.get("k", 0))
    path = build.build(one.kernel, point, folder)
    return Winner(native.load(str(path), variant), variant, path)


def _words(point: Point) -> Iterator[str]:
    return (f"{name}{value}" for name, value in point)
