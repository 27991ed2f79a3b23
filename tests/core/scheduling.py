"""A scheduler with its backends, and the counters in which a nonce may end."""

from typing import Any, TypeVar

from stampmill.core.events import Event, HardwareError, JobArrived, Notice, ShareAnswered
from stampmill.core.job import Job, Nonce, RejectReason, ShareResult, Verdict
from stampmill.core.scheduler import Scheduler
from stampmill.core.stats import Stats

from .fakes import Clock, MemoryBackend, Sink, make_job

E = TypeVar("E", Notice, JobArrived, ShareAnswered, HardwareError)


class Bench:
    """A scheduler with its backends, and a pool that answers when it is told to."""

    def __init__(self, *backends: MemoryBackend) -> None:
        self.clock = Clock()
        self.stats = Stats()
        self.events: list[Event] = []
        self.backends = backends or (MemoryBackend(),)
        self.scheduler = Scheduler(self.backends, self.stats, self.clock, self.events.append)
        self.sink = Sink()

    def job(self, **changes: Any) -> Job:
        """Send a job of our pool and return it."""
        job = make_job(self.sink, **changes)
        self.scheduler.on_job(job)
        return job

    def mine(self, backend: int = 0, shares: int = 1) -> list[Nonce]:
        """Let a backend hash until it has found so much; nothing is reported."""
        found: list[Nonce] = []
        while len(found) < shares:
            found += self.backends[backend].mine()
        return found

    def find(self) -> Nonce:
        """Return a share that was found and not yet reported."""
        return self.mine()[0]

    def report(self, *nonces: Nonce) -> None:
        for nonce in nonces:
            self.scheduler.on_nonce(nonce)

    def answer(self, verdict: Verdict, reason: RejectReason | None = None) -> None:
        """Find a share, send it, and let the pool say this of it."""
        self.report(self.find())
        self.scheduler.on_share_result(
            self.sink.shares[-1], ShareResult(verdict, reason, latency=0.5)
        )

    @property
    def sent(self) -> list[Nonce]:
        return [share.nonce for share in self.sink.shares]

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


def counted(stats: Stats) -> dict[str, int]:
    """Return the counters in which a nonce may end, without the empty ones."""
    names = (
        "accepted", "rejected", "stale", "lost", "unanswered",
        "duplicates", "hardware_errors", "below_share",
    )  # fmt: skip
    return {name: getattr(stats, name) for name in names if getattr(stats, name)}
