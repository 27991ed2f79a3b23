"""How much a run of the pipeline benchmark measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Counts and seconds of every part."""

    pairs: int = 41
    """Windows of the miner beside windows of the bare kernel."""
    window_seconds: float = 1.0
    jobs: int = 320
    """Clean jobs behind the latencies."""
    job_interval: float = 0.1
    starts: int = 11
    memory_seconds: float = 10.0
    soak_jobs: int = 3600
    soak_interval: float = 0.015


FULL = Effort()
QUICK = Effort(
    pairs=3,
    window_seconds=0.2,
    jobs=20,
    job_interval=0.05,
    starts=1,
    memory_seconds=1.0,
    soak_jobs=60,
    soak_interval=0.015,
)
"""Proves that the benchmark works; its figures are not to be quoted."""
