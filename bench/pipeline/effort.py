"""How much a run of the pipeline benchmark measures."""

from dataclasses import dataclass

from stampmill.core.backends.options import CpuPriority


@dataclass(frozen=True, slots=True)
class Effort:
    """Counts and seconds of every part, and how the miner's threads take their place."""

    priority: CpuPriority = CpuPriority.IDLE
    """What users have who say nothing; beside other work it measures that work.

    Where it is normal, the pool takes turns, too.
    """
    pairs: int = 41
    """Windows of the miner beside windows of the bare kernel."""
    window_seconds: float = 1.0
    jobs: int = 320
    """Clean jobs behind the latencies."""
    job_interval: float = 0.1
    richness: float = 1.0
    """Shares, for each that a full run finds, where their paths are measured."""
    paces: tuple[tuple[float, int], ...] = ((0.01, 400), (0.1, 100), (1.0, 20), (5.0, 5), (30.0, 2))
    """Seconds from one clean job to the next, and how many of them."""
    device: str = ""
    """The OpenCL device whose latencies are asked for, if any."""
    starts: int = 11
    memory_seconds: float = 10.0
    soak_jobs: int = 3600
    soak_interval: float = 0.015
    crowd: int = 5000
    """Miners at one pool."""
    crowd_jobs: int = 30
    crowd_interval: float = 0.5
    messages: int = 5000
    """Of each kind, in each round."""
    watched_rounds: int = 10
    """Of each mode of being watched."""
    watched_seconds: float = 1.5
    watched_short: int = 80
    """Rounds of short stretches beside each other."""


FULL = Effort()
QUICK = Effort(
    pairs=3,
    window_seconds=0.2,
    jobs=20,
    job_interval=0.05,
    paces=((0.01, 20), (0.1, 8)),
    starts=1,
    memory_seconds=1.0,
    soak_jobs=60,
    soak_interval=0.015,
    crowd=200,
    crowd_jobs=3,
    crowd_interval=0.1,
    messages=200,
    watched_rounds=1,
    watched_seconds=0.5,
    watched_short=3,
)
"""Proves that the benchmark works; its figures are not to be quoted."""
