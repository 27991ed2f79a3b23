"""What `stampmill mine` keeps resident, without Numba."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.bench.processes import children, holdings
from stampmill.bench.processes.mine_command import MineCommand, mining

AT_POOL = Target("memory", "resident memory, at a pool", 80.0, "MB")
EMBEDDED = Target("memory-embedded", "resident memory, embedded pool", 80.0, "MB")

TARGETS = (AT_POOL, EMBEDDED)

_SAMPLE_SECONDS = 0.1
_MEGABYTE = 1_000_000
_NUMBA = "llvmlite"


def measure(effort: Effort) -> Finding:
    """Watch the command for some seconds at a pool in another process, then with its own."""
    if not holdings.available():
        return Finding([Outcome(target, None, "only Linux's /proc tells") for target in TARGETS])
    with (
        tempfile.TemporaryDirectory() as cache,
        children.running("pool", {"priority": effort.priority.value}) as pool,
    ):
        embedded = ["--cpu-priority", effort.priority.value]
        at_pool = [*embedded, "-o", pool.ready["url"], "-u", "bench"]
        outcomes = [
            _outcome(target, arguments, Path(cache), effort.memory_seconds)
            for target, arguments in ((AT_POOL, at_pool), (EMBEDDED, embedded))
        ]
    return Finding(outcomes)


def _outcome(target: Target, arguments: Sequence[str], cache: Path, seconds: float) -> Outcome:
    with mining(arguments, cache) as command:
        command.seconds_to("job")
        held = _watch(command, seconds)
        numba = holdings.has_loaded(command.pid, _NUMBA)
    peak = held.peak / _MEGABYTE
    detail = f"peak of {seconds:.0f} s, {held.resident / _MEGABYTE:.1f} at the end"
    return Outcome(target, peak, detail + (", WITH Numba" if numba else ""), {"numba": numba})


def _watch(command: MineCommand, seconds: float) -> holdings.Holdings:
    """Return what it holds after so long; the system itself keeps the peak."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not command.ended():
        time.sleep(_SAMPLE_SECONDS)
    return holdings.read(command.pid)
