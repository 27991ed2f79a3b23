"""Everything a server counts: what leaves the path does so under one of these names."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from stampmill.pool.node.validation import BlockReason
from stampmill.pool.server.events import CloseReason, HandshakeFault
from stampmill.pool.server.shares import ShareFault
from stampmill.pool.stratum.drops import Drop

JOBS_REMEMBERED = 4096

_Reason = TypeVar("_Reason", bound=Enum)


@dataclass(slots=True)
class JobStats:
    """One job's fate. Times are monotonic seconds."""

    id: str
    clean: bool
    sent_at: float
    written_at: float | None = None
    """When the last of those who were there had it handed to the system."""
    connections: int = 0
    """How many were sent it."""
    accepted: int = 0
    rejected: int = 0
    late: int = 0
    """Shares that came when it was dead."""
    first_share_at: float | None = None


@dataclass(slots=True)
class PoolCounters:
    """Totals since the start."""

    connections: int = 0
    jobs: int = 0
    clean_jobs: int = 0
    accepted: int = 0
    accepted_difficulty: float = 0.0
    """The difficulties that the accepted shares were assigned, summed."""
    rejected: Counter[ShareFault] = field(default_factory=Counter)
    blocks: int = 0
    blocks_refused: Counter[BlockReason] = field(default_factory=Counter)
    difficulty_changes: int = 0
    closed: Counter[CloseReason] = field(default_factory=Counter)
    handshakes_failed: Counter[HandshakeFault] = field(default_factory=Counter)
    """Those of TLS; none of them became a connection."""
    dropped: Counter[Drop] = field(default_factory=Counter)
    """Lines and requests that were not usable."""


class JobLog:
    """The statistics of the latest jobs."""

    def __init__(self, limit: int = JOBS_REMEMBERED) -> None:
        self._limit = limit
        self._jobs: OrderedDict[str, JobStats] = OrderedDict()

    def add(self, stats: JobStats) -> None:
        """Take a job in; the oldest makes room."""
        self._jobs[stats.id] = stats
        if len(self._jobs) > self._limit:
            self._jobs.popitem(last=False)

    def get(self, job_id: str) -> JobStats | None:
        """Return what is known of a job, or None if it is long ago."""
        return self._jobs.get(job_id)

    def all(self) -> tuple[JobStats, ...]:
        """Return all that is remembered, the oldest first."""
        return tuple(self._jobs.values())


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """What a server has done up to now; reasons are counter names."""

    connections: int
    connections_total: int
    height: int
    jobs: int
    clean_jobs: int
    accepted: int
    accepted_difficulty: float
    rejected: dict[str, int]
    stale: int
    """Shares of dead jobs; also in `rejected`."""
    blocks: int
    blocks_refused: dict[str, int]
    blocks_put_off: int
    """Shares that were due to become a block, but too soon after another or in a flood."""
    closed: dict[str, int]
    handshakes_failed: dict[str, int]
    dropped: dict[str, int]


def snapshot_of(
    counters: PoolCounters, *, connections: int, height: int, blocks_put_off: int
) -> PoolSnapshot:
    """Return a copy that no later share changes."""
    return PoolSnapshot(
        connections=connections,
        connections_total=counters.connections,
        height=height,
        jobs=counters.jobs,
        clean_jobs=counters.clean_jobs,
        accepted=counters.accepted,
        accepted_difficulty=counters.accepted_difficulty,
        rejected=_named(counters.rejected),
        stale=counters.rejected[ShareFault.STALE],
        blocks=counters.blocks,
        blocks_refused=_named(counters.blocks_refused),
        blocks_put_off=blocks_put_off,
        closed=_named(counters.closed),
        handshakes_failed=_named(counters.handshakes_failed),
        dropped=_named(counters.dropped),
    )


def _named(counter: Mapping[_Reason, int]) -> dict[str, int]:
    """Return an enum's counter by the names of its members."""
    return {reason.value: count for reason, count in counter.items()}
