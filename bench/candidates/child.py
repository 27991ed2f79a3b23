"""What a kernel's own process does: prove it and find its pace, or time it."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from stampmill.bench import gate, timing, warm
from stampmill.bench.candidates import spec
from stampmill.bench.candidates.load import Loaded, load
from stampmill.bench.candidates.provenance import provenance
from stampmill.bench.host import machine
from stampmill.bench.meter import Meter, Timer
from stampmill.bench.processes.children import Result, Settings
from stampmill.bench.scaling import energy
from stampmill.bench.timing import Case
from stampmill.core.errors import StampmillError, VerificationError

_WARM_SHARE = 16
"""A warm-up scan is so much shorter than one that counts."""


def child(settings: Settings) -> Result:
    """Do what the settings say, on the CPU asked for: "check" or "measure".

    Checking compares the kernel with hashlib, and finds how many nonces make a round. Measuring
    times one scan for each number of versions, once the kernel is warm. Whatever somebody else's
    code raises becomes one line.
    """
    with _result_apart(), machine.pinned(settings["cpu"]):
        try:
            return _ROLES[settings["do"]](settings)
        except StampmillError:
            raise
        except Exception as error:
            text = f"kernel {settings['kernel']} raises {type(error).__name__}: {error}"
            raise VerificationError(" ".join(text.split())) from error


def _check(settings: Settings) -> Result:
    wanted = spec.parse(settings["kernel"])
    loaded = load(wanted)
    kernel = loaded.kernel
    counts = _version_counts(kernel.max_versions, settings["versions"])
    gate.check(kernel, counts)
    with Meter(_timer(loaded)) as meter:
        nonces = [timing.calibrate(Case(kernel, n), settings["seconds"], meter) for n in counts]
    return {
        "name": kernel.name,
        "description": kernel.description,
        "lanes": kernel.lanes,
        "max_versions": kernel.max_versions,
        "by_clock": loaded.by_clock,
        "on_device": loaded.device is not None,
        "versions": counts,
        "nonces": nonces,
        "provenance": provenance(wanted, kernel),
    }


def _measure(settings: Settings) -> Result:
    loaded = load(spec.parse(settings["kernel"]))
    with Meter(_timer(loaded)) as meter:
        pairs = zip(settings["versions"], settings["nonces"], strict=True)
        runs = [_run(Case(loaded.kernel, count), nonces, meter, loaded) for count, nonces in pairs]
    return {"runs": runs}


def _run(case: Case, nonces: int, meter: Meter, loaded: Loaded) -> Result:
    # A device works best on long ranges, and on threads that are on other cores.
    scan = meter.scan_in_stretches if loaded.device is None else meter.scan
    short = timing.request(case.versions, max(nonces // _WARM_SHARE, 1))
    warmth = warm.up(lambda: meter.scan(case.kernel, short)[0].cpu_seconds)
    before = energy.read(on_gpu=loaded.on_gpu)
    sample, hits = scan(case.kernel, timing.request(case.versions, nonces))
    return {
        "joules": energy.between(before, energy.read(on_gpu=loaded.on_gpu)),
        "cpu_seconds": sample.cpu_seconds,
        "wall_seconds": sample.wall_seconds,
        "cycles": sample.cycles,
        "instructions": sample.instructions,
        "misses": dict(sample.misses),
        "stretches": sample.stretches,
        "warm_up": warmth.scans,
        "flat": warmth.flat,
        "hits": hits,
    }


def _version_counts(most: int, wanted: list[int] | None) -> list[int]:
    """Return the wanted ones that it takes, or else one and its most."""
    return [count for count in wanted or sorted({1, most}) if count <= most] or [1]


def _timer(loaded: Loaded) -> Timer:
    """Count all threads of the process: OpenCL for CPUs works on threads of its own."""
    return time.perf_counter if loaded.by_clock else time.process_time


@contextmanager
def _result_apart() -> Iterator[None]:
    """Keep what a kernel prints, from C as well and to the very end, out of the result."""
    result = os.dup(1)
    os.dup2(2, 1)
    yield
    sys.stdout.flush()
    sys.stdout = os.fdopen(result, "w")


_ROLES: Mapping[str, Callable[[Settings], Result]] = {
    "check": _check,
    "measure": _measure,
}
