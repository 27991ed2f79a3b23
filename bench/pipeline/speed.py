"""How fast this machine hashes, so that shares come as often as a measurement needs them."""

import time

from stampmill.bench import catalogue, timing
from stampmill.bench.meter import Meter
from stampmill.bench.pipeline import windows
from stampmill.bench.timing import Case
from stampmill.core.backends import registry
from stampmill.core.backends.options import CpuPriority
from stampmill.core.chain.target import DIFFICULTY_1_TARGET

_SECONDS = 0.2


def difficulty_for(
    seconds: float, device: str = "", priority: CpuPriority = CpuPriority.IDLE
) -> float:
    """Return the difficulty at which all CPUs, or a device, find a share in so many seconds."""
    return _rate(device, priority) * seconds * DIFFICULTY_1_TARGET / (1 << 256)


def _rate(device: str, priority: CpuPriority) -> float:
    if not device:
        return windows.of_bare_kernel(catalogue.best(), _SECONDS, priority).clock_rate
    case = Case(registry.load_kernel(device))
    with Meter(time.perf_counter) as meter:
        nonces = timing.calibrate(case, _SECONDS, meter)
        sample, _ = meter.scan(case.kernel, timing.request(1, nonces))
    return nonces / sample.wall_seconds
