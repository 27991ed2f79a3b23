"""`stampmill bench tune -d opencl:0`: a device's fastest kernels and launches, to be remembered."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stampmill.bench import table
from stampmill.bench.opencl.stand import Stand
from stampmill.bench.opencl.walk import Progress, Trials, Walk, label, walk
from stampmill.core import tuning
from stampmill.core.backends.opencl.backend import indices
from stampmill.core.backends.opencl.listing import DeviceInfo, choose, devices
from stampmill.core.backends.opencl.plans import LAUNCH_SECONDS, tuning_key
from stampmill.core.backends.opencl.shapes import shapes_of
from stampmill.core.errors import NoDeviceError, StampmillError
from stampmill.core.tuning import Tuned
from stampmill.kernels.opencl.code import Shape

BUDGET = 60.0
"""Seconds that tuning a device takes, about: most of it is its compiler's."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found of a device, and the file that it is remembered in."""

    info: DeviceInfo
    walk: Walk
    tuned: Tuned
    file: Path


def tune_all(
    name: str, budget: float = BUDGET, progress: Progress = lambda _line: None
) -> list[Tuning]:
    """Tune the devices that `opencl` or `opencl:0,1` means, one after the other."""
    chosen = choose(devices(), indices(name))
    return [tune(Stand(info), budget / len(chosen), progress=progress) for info in chosen]


def tune(
    trials: Trials,
    budget: float,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
    progress: Progress = lambda _line: None,
) -> Tuning:
    """Walk through a device's kernels and remember the best.

    Raise NoDeviceError if none works, StampmillError if the file cannot be written.
    """
    info = trials.info
    progress(f"{info.label} {info.name}: each kernel is built, checked against hashlib and timed")
    walked = walk(trials, budget, clock, progress)
    if not walked.shapes:
        raise NoDeviceError(
            f"no kernel works on {info.label}: {next(iter(walked.left_out.values()))}"
        )
    tuned = _tuned(info, walked)
    try:
        file = tuning.remember(tuning_key(info), tuned, environ)
    except OSError as error:
        raise StampmillError(f"the device's tuning cannot be remembered: {error}") from error
    return Tuning(info, walked, tuned, file)


def report(found: Sequence[Tuning]) -> str:
    """Return the tables for people, and what follows from them."""
    return "\n\n".join(map(_report, found))


def as_document(found: Sequence[Tuning]) -> dict[str, object]:
    """Return the same as JSON's types."""
    return {"devices": [_as_document(each) for each in found]}


def _tuned(info: DeviceInfo, walked: Walk) -> Tuned:
    key = tuning_key(info)
    order = _fastest_first(walked.rates)
    rates = {label(each): {str(each.versions): walked.rates[each]} for each in order}
    return Tuned(
        key.driver,
        key.build,
        datetime.now(UTC).isoformat(timespec="seconds"),
        tuple(rates),
        rates,
        tuple(asdict(shape) for shape in walked.shapes.values()),
        walked.launch_milliseconds,
    )


def _report(found: Tuning) -> str:
    info, walked = found.info, found.walk
    chosen = set(walked.shapes.values())
    rows = [
        ["*" * (shape in chosen) + label(shape), table.number(1e-6 * walked.rates[shape], 2)]
        for shape in _fastest_first(walked.rates)
    ]
    rows += [
        [f"{'*' * (each == walked.launch_milliseconds)}launches of {each:g} ms",
         table.number(1e-6 * rate, 2)]
        for each, rate in walked.launches.items()
    ]  # fmt: skip
    lines = [f"{info.label} {info.name} ({info.platform} {info.driver})"]
    lines += [table.render(("tried, * is taken", "MH/s"), rows), ""]
    lines += [f"{label(shape)} is left out: {why}" for shape, why in walked.left_out.items()]
    if walked.untried:
        lines.append(f"{walked.untried} more were not tried: --seconds gives them time")
    usual = walked.shapes == shapes_of(info)
    milliseconds = walked.launch_milliseconds or LAUNCH_SECONDS * 1000
    verdict = "the usual kernels" if usual else "other kernels than usual"
    lines.append(f"{verdict}, launches of {milliseconds:g} ms; remembered in {found.file}")
    return "\n".join(lines)


def _as_document(found: Tuning) -> dict[str, object]:
    entry: dict[str, object] = msgspec.to_builtins(found.tuned)
    return {
        "device": tuning_key(found.info).name,
        "label": found.info.label,
        **entry,
        "launches": {f"{each:g}": rate for each, rate in found.walk.launches.items()},
        "left_out": {label(shape): why for shape, why in found.walk.left_out.items()},
        "untried": found.walk.untried,
        "file": str(found.file),
    }


def _fastest_first(rates: Mapping[Shape, float]) -> list[Shape]:
    return sorted(rates, key=rates.__getitem__, reverse=True)
