"""One immutable picture of a run, which every view and report renders."""

from dataclasses import dataclass

from stampmill.core.job_source import SourceStatus


@dataclass(frozen=True, slots=True)
class Rates:
    """Hashes per second over 5 s, 1 min, 15 min and the whole run."""

    seconds_5: float
    minute_1: float
    minutes_15: float
    average: float


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """One device: a thread, a card, a board."""

    name: str
    backend: str
    hashes: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Latency:
    """Median and 99th percentile in seconds of the latest few thousand, None where none was."""

    count: int
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known at one moment. Times are seconds, rates hashes per second."""

    seconds: float
    source: SourceStatus
    kernel: str
    paused: str
    """Who paused the run, or nothing."""
    devices: tuple[DeviceSnapshot, ...]
    hashes: int
    rates: Rates
    job_id: str | None
    job_difficulty: float | None
    network_difficulty: float | None
    expected_share_seconds: float | None
    """Mean time to the next share at the current rate."""
    jobs: int
    clean_jobs: int
    starved_jobs: int
    accepted: int
    rejected: int
    reject_reasons: tuple[tuple[str, int], ...]
    stale: int
    lost: int
    unanswered: int
    duplicates: int
    hardware_errors: int
    below_share: int
    blocks: int
    accepted_difficulty: float
    best_difficulty: float
    seconds_since_accepted: float | None
    job_switch: Latency
    share_path: Latency
    pool_answer: Latency
