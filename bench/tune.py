"""`stampmill bench tune`: which C kernel is fastest on this host, to be remembered.

Those of the build take part, what an earlier tuning kept, and the best points of a sweep; of the
latter two one that is the fastest of all is kept as a file, for mining to load.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from stampmill.bench import gate, table, timing
from stampmill.bench.host import machine
from stampmill.bench.summary import Summary
from stampmill.bench.sweep import winners
from stampmill.bench.sweep.winners import Winner
from stampmill.bench.timing import Case, Measurement
from stampmill.core import native, tuning
from stampmill.core.errors import NoDeviceError, StampmillError, VerificationError
from stampmill.core.scan import Kernel
from stampmill.core.tuning import Device, Tuned

BUDGET = 20.0
"""Seconds that tuning takes, about."""

_ROUNDS = 7
# Beside the rounds there are the calibration, which doubles up to a round's length, and the round
# that is thrown away; and a scan may last twice as long as was asked for.
_TIMES_LONGER = 1.5 * (_ROUNDS + 3)
_SHORTEST, _LONGEST = 0.001, 0.3

Progress = Callable[[str], None]
Select = Callable[[], Kernel]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found, and the file that it is remembered in."""

    device: Device
    tuned: Tuned
    usual: Sequence[str]
    left_out: Mapping[str, str]
    file: Path


def tune(
    budget: float = BUDGET,
    cpu: int | None = None,
    progress: Progress = lambda _line: None,
    environ: Mapping[str, str] = os.environ,
    swept: Path | None = None,
) -> Tuning:
    """Time the C kernels that run here against each other, and remember their order.

    `swept` is a sweep's file. A kernel that computes wrongly is left out. Raise NoDeviceError
    without C kernels, UsageError for a sweep of another host, and StampmillError if the file
    cannot be written.
    """
    if not native.available():
        raise NoDeviceError(native.why_unavailable())
    with TemporaryDirectory() as folder:
        built = winners.winners(swept, Path(folder)) if swept else []
        return _tune(budget, cpu, progress, environ, built)


def _tune(
    budget: float,
    cpu: int | None,
    progress: Progress,
    environ: Mapping[str, str],
    built: Sequence[Winner],
) -> Tuning:
    usual = [info.name for info in native.kernels({}) if info.supported]
    entrants: dict[str, Select] = {
        info.name: partial(native.select, info.name, environ)
        for info in native.kernels(environ)
        if info.supported
    }
    entrants |= {one.variant.name: partial(_itself, one.kernel) for one in built}
    left_out: dict[str, str] = {}
    cases = [
        case
        for name, select in entrants.items()
        for case in _cases(name, select, left_out, progress)
    ]
    seconds = min(max(budget / len(cases) / _TIMES_LONGER, _SHORTEST), _LONGEST)
    pinned = machine.usable_cpus()[-1] if cpu is None else cpu
    measured = timing.measure(cases, _ROUNDS, seconds, pinned, progress)
    device, tuned = native.device(), _tuned(measured, native.device())
    try:
        tuned = _with_best(tuned, built, environ)
        file = tuning.remember(device, tuned, environ)
    except OSError as error:
        raise StampmillError(f"the order of kernels cannot be remembered: {error}") from error
    return Tuning(device, tuned, usual, left_out, file)


def report(found: Tuning) -> str:
    """Return the table for people, and what follows from it."""
    best, *_ = found.tuned.order
    counts = sorted({int(count) for rates in _rates(found) for count in rates})
    head = ("kernel", *(f"MH/s, {count} version{'s' * (count > 1)}" for count in counts))
    rows = [
        [name, *(_megahashes(rates.get(str(n))) for n in counts)]
        for name, rates in zip(found.tuned.order, _rates(found), strict=True)
    ]
    lines = [table.render(head, rows), ""]
    lines += [f"{name} is left out: {why}" for name, why in found.left_out.items()]
    verdict = "the usual one" if best == found.usual[0] else f"not {found.usual[0]}, as is usual"
    return "\n".join([*lines, f"fastest here: {best}, {verdict}; remembered in {found.file}"])


def as_document(found: Tuning) -> dict[str, object]:
    """Return the same as JSON's types."""
    entry: dict[str, object] = msgspec.to_builtins(found.tuned)
    return {
        "device": found.device.name,
        **entry,
        "usual_order": list(found.usual),
        "left_out": dict(found.left_out),
        "file": str(found.file),
    }


def _megahashes(rate: float | None) -> str:
    return table.number(None if rate is None else 1e-6 * rate, 2)


def _itself(kernel: Kernel) -> Kernel:
    return kernel


def _cases(name: str, select: Select, left_out: dict[str, str], progress: Progress) -> list[Case]:
    """Return what to time of a kernel: nothing of one that is wrong."""
    progress(f"checking {name} against hashlib")
    try:
        kernel = select()
        counts = sorted({1, kernel.max_versions})
        gate.check(kernel, counts)
    except VerificationError as error:
        left_out[name] = str(error)
        progress(f"{name} is left out: {error}")
        return []
    return [Case(kernel, count) for count in counts]


def _tuned(measured: Sequence[Measurement], device: Device) -> Tuned:
    medians: dict[str, dict[str, float]] = {}
    for one in measured:
        seconds = Summary.of(one.seconds_per_hash()).median
        medians.setdefault(one.case.kernel.name, {})[str(one.case.versions)] = seconds
    # Most jobs allow all versions, some none: a kernel counts by what both cost together.
    order = sorted(medians, key=lambda name: sum(medians[name].values()) / len(medians[name]))
    rates = {
        name: {count: 1 / seconds for count, seconds in medians[name].items()} for name in order
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Tuned(device.driver, device.build, now, tuple(order), rates)


def _with_best(tuned: Tuned, built: Sequence[Winner], environ: Mapping[str, str]) -> Tuned:
    """Keep the fastest kernel if it is not in the build; forget what others are not."""
    best, known = tuned.order[0], tuning.entry(native.device(), environ)
    variants = [one for one in (known.variants if known else ()) if one.name == best]
    for winner in built:
        if winner.variant.name == best:
            file, digest = tuning.keep(winner.path.read_bytes(), environ)
            variants = [msgspec.structs.replace(winner.variant, file=file, sha256=digest)]
    return msgspec.structs.replace(tuned, variants=tuple(variants))


def _rates(found: Tuning) -> list[dict[str, float]]:
    return [found.tuned.hashes_per_second[name] for name in found.tuned.order]
