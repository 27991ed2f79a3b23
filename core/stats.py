"""Counters, rates and latencies of a run; kept on the event loop, read by every report."""

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from stampmill.core.job import RejectReason, Share, ShareResult, ShareSink, Verdict

RATE_WINDOWS = (5.0, 60.0, 300.0, 900.0)
"""Seconds over which rates are shown: 5 s, 1 min, 5 min, 15 min."""

LATENCY_BOUNDS = (
    5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
)  # fmt: skip
"""Seconds up to which each latency is counted; those above the last have a count of their own."""

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
    """The latest few thousand latencies in seconds, and how many of what length there were."""

    def __init__(self) -> None:
        self.values: deque[float] = deque()
        self.count = 0
        self.total = 0.0
        self.buckets = [0] * (len(LATENCY_BOUNDS) + 1)
        """How many were above one of LATENCY_BOUNDS and not above the next."""
        self._ordered: list[float] = []

    def add(self, seconds: float) -> None:
        """Note one latency."""
        if len(self.values) == _LATENCIES_KEPT:
            del self._ordered[bisect_left(self._ordered, self.values.popleft())]
        self.values.append(seconds)
        insort(self._ordered, seconds)
        self.count += 1
        self.total += seconds
        self.buckets[bisect_left(LATENCY_BOUNDS, seconds)] += 1

    def percentile(self, percent: float) -> float | None:
        """Return the nearest-rank percentile of what is kept, or None if there is nothing."""
        if not self.values:
            return None
        rank = math.ceil(len(self.values) * percent / 100)
        return self._ordered[max(rank, 1) - 1]


@dataclass(slots=True)
class Tally:
    """What became of the shares of one pool, or of one device."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    reasons: Counter[RejectReason] = field(default_factory=Counter)
    difficulties: dict[Verdict, float] = field(default_factory=dict)
    """Of the jobs, summed."""
    best_difficulty: float = 0.0
    last_difficulty: float = 0.0
    last_accepted_at: float | None = None
    last_sink: ShareSink | None = None
    """Where the latest accepted one went."""
    last_nonce_at: float | None = None
    nonces: int = 0
    """Good ones, whether shares or not."""
    blocks: int = 0
    hardware_errors: int = 0

    def add(self, share: Share, result: ShareResult, now: float) -> None:
        """Count a share's fate at a monotonic time."""
        fate, asked = fate_of(result), share.job.difficulty
        self.counts[fate] += 1
        self.difficulties[fate] = self.difficulties.get(fate, 0.0) + asked
        self.best_difficulty = max(self.best_difficulty, share.difficulty)
        if fate is Verdict.REJECTED:
            self.reasons[result.reason or RejectReason.OTHER] += 1
        if fate is Verdict.ACCEPTED:
            self.last_accepted_at, self.last_difficulty = now, share.difficulty
            self.last_sink = share.job.sink
            self.blocks += share.solves_block


@dataclass(slots=True)
class PoolTally(Tally):
    """The same, the jobs that came from a pool, and how long its answers took."""

    jobs: int = 0
    answers: LatencyLog = field(default_factory=LatencyLog)

    def add(self, share: Share, result: ShareResult, now: float) -> None:
        """Count a share's fate, and its answer's latency if there was one."""
        Tally.add(self, share, result, now)
        if result.latency is not None:
            self.answers.add(result.latency)


def fate_of(result: ShareResult) -> Verdict:
    """Return the verdict; what a pool rejects for its age is stale."""
    late = result.verdict is Verdict.REJECTED and result.reason is RejectReason.STALE
    return Verdict.STALE if late else result.verdict


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
    devices: dict[Hashable, Tally] = field(default_factory=dict)
    pools: list[tuple[ShareSink, PoolTally]] = field(default_factory=list)

    def device(self, key: Hashable) -> Tally:
        """Return the tally of a device."""
        return self.devices.setdefault(key, Tally())

    def hand_over(self, old: object, new: object) -> None:
        """Let the tallies of one backend's devices, whose keys begin with it, be another's."""
        of_old = [key for key in self.devices if isinstance(key, tuple) and key[0] is old]
        for key in of_old:
            self.devices[new, *key[1:]] = self.devices.pop(key)

    def pool(self, sink: ShareSink) -> PoolTally:
        """Return the tally of the source that a sink leads to."""
        for known, tally in self.pools:
            if known == sink:
                return tally
        self.pools.append((sink, PoolTally()))
        return self.pools[-1][1]
