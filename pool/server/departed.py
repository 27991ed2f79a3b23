"""Connections that are gone but may come back: their extranonce1 and live jobs, for a while."""

from collections import OrderedDict
from dataclasses import dataclass

from stampmill.pool.server.jobs import SentJobs
from stampmill.pool.server.terms import Extranonces

RESUME_WITHIN = 600.0
"""Seconds after a drop for which a session can be resumed (ckpool: about ten minutes)."""


@dataclass(frozen=True, slots=True)
class Departed:
    """What a session left behind at a monotonic time."""

    extranonces: Extranonces
    jobs: SentJobs
    left_at: float


class DepartedSessions:
    """At most `limit` of them, by the id that only their own miner was told."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sessions: OrderedDict[str, Departed] = OrderedDict()
        self._held: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def add(self, session_id: str, departed: Departed) -> None:
        """Keep a session for a while; the oldest makes room."""
        self._sessions[session_id] = departed
        self._held.add(departed.extranonces.extranonce1)
        self._expire(departed.left_at)
        if len(self._sessions) > self._limit:
            self._forget(next(iter(self._sessions)))

    def take(self, session_id: str, now: float) -> Departed | None:
        """Return a session that may be resumed, once; None if there is none of that id."""
        self._expire(now)
        return self._forget(session_id) if session_id in self._sessions else None

    def holds(self, extranonce1: bytes) -> bool:
        """Tell whether an extranonce1 is kept for somebody."""
        return extranonce1 in self._held

    def kill_jobs(self) -> None:
        """Let no share of an earlier job count: a clean job went out."""
        for departed in self._sessions.values():
            departed.jobs.clear()

    def clear(self) -> None:
        """Forget all: their numbers are needed."""
        self._sessions.clear()
        self._held.clear()

    def _expire(self, now: float) -> None:
        while self._sessions:
            oldest = next(iter(self._sessions))
            if now - self._sessions[oldest].left_at < RESUME_WITHIN:
                return
            self._forget(oldest)

    def _forget(self, session_id: str) -> Departed:
        departed = self._sessions.pop(session_id)
        self._held.remove(departed.extranonces.extranonce1)
        return departed
