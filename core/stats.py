"""Counters, rates and latencies of a run; kept on the event loop, read by every report."""

import math
from bisect import bisect_right
from collections import Counter, deque
from dataclasses import dataclass, field

RATE_WINDOWS = (5.0, 60.0, 900.0)
"""Seconds over which rates are shown: 5 s, 1 min, 15 min."""

_LATENCIES_KEPT = 8192


class RateMeter:
    """The rate of a growing total over several windows, from one sample a second or so."""

    def __init__(self, started: float) -> None:
        self._times: deque[float] = deque([started])
        self._totals: deque[int] = deque([0])

    def sample(self, now: float, total: int) -> None:
        """Note the total reached at a monotonic time."""
        self._times.append(now)
        self._totals.append(total)
        while len(self._times) > 2 and self._times[1] <= now - RATE_WINDOWS[-1]:
            self._times.popleft()
            self._totals.popleft()

    def rate(self, window: float) -> float:
        """Return the total's growth per second over the window, or since the start if shorter."""
        index = max(bisect_right(self._times, self._times[-1] - window) - 1, 0)
        seconds = self._times[-1] - self._times[index]
        return (self._totals[-1] - self._totals[index]) / seconds if seconds > 0 else 0.0


class LatencyLog:
    """The latest few thousand latencies in seconds, and how many there were in all."""

    def __init__(self) -> None:
        self.values: deque[float] = deque(maxlen=_LATENCIES_KEPT)
        self.count = 0

    def add(self, seconds: float) -> None:
        """Note one latency."""
        self.values.append(seconds)
        self.count += 1

    def percentile(self, percent: float) -> float | None:
        """Return the nearest-rank percentile of what is kept, or None if there is nothing."""
        if not self.values:
            return None
        rank = math.ceil(len(self.values) * percent / 100)
        return sorted(self.values)[max(rank, 1) - 1]


@dataclass(slots=True)
class Stats:
    """Everything counted in a run. Each nonce, share and job that leaves the path is in here."""

    jobs: int = 0
    clean_jobs: int = 0
    starved_jobs: int = 0
    accepted: int = 0
    rejected: int = 0
    reject_reasons: Counter[str] = field(default_factory=Counter)
    stale: int = 0
    """Found or answered too late: its job was dead."""
    lost: int = 0
    """Could not be sent, or the connection died with it unanswered."""
    unanswered: int = 0
    duplicates: int = 0
    """Found twice; the second was not sent."""
    hardware_errors: int = 0
    below_share: int = 0
    """Good for a backend's ticket, not for a share."""
    blocks: int = 0
    """Accepted shares that solve a block, see Share.solves_block."""
    submitted: int = 0
    accepted_difficulty: float = 0.0
    best_difficulty: float = 0.0
    last_accepted_at: float | None = None
    job_switch: LatencyLog = field(default_factory=LatencyLog)
    """From a job's last byte read to the last device working on it."""
    share_path: LatencyLog = field(default_factory=LatencyLog)
    """From a nonce found to its submit handed to the socket."""
    pool_answer: LatencyLog = field(default_factory=LatencyLog)
    """From a submit written to its answer read."""
