"""The full miner at a pool, for so many jobs, with every figure it keeps."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from time import monotonic

from stampmill.bench.processes import holdings
from stampmill.bench.processes.children import Result, Settings
from stampmill.core.backends import registry
from stampmill.core.backends.base import Backend
from stampmill.core.config import PoolSettings, RetryPolicy
from stampmill.core.events import Event, JobArrived, ShareAnswered
from stampmill.core.job import Job, RejectReason, Verdict
from stampmill.core.miner import Miner
from stampmill.pool.client import StratumSource

_AGENT = "stampmill/bench"
_REMEMBERED_JOBS = 256


def child(settings: Settings) -> Result:
    """Mine at `url` until `jobs` jobs have come; note what the process holds at the `marks`."""
    return asyncio.run(_mine(settings["url"], settings["jobs"], set(settings.get("marks", ()))))


async def _mine(url: str, jobs: int, marks: set[int]) -> Result:
    # A fresh pool process answers at once or never: one retry is for a slow machine.
    source = StratumSource(PoolSettings(url, "bench"), RetryPolicy(retries=1), user_agent=_AGENT)
    watch = _Watch(jobs, marks)
    miner = Miner(source, [_default_backend()], observer=watch)
    watch.stop = miner.stop
    await miner.run()
    stats = miner.stats
    counted = ("jobs", "starved_jobs", "submitted", "accepted", "rejected", "stale", "lost",
               "unanswered", "hardware_errors")  # fmt: skip
    return {
        "kernel": miner.snapshot().kernel,
        **{name: getattr(stats, name) for name in counted},
        "job_switch": list(stats.job_switch.values),
        "share_path": list(stats.share_path.values),
        "dead_sent": watch.dead_sent,
        "died_in_flight": watch.died_in_flight,
        "marks": watch.marked,
    }


def _default_backend() -> Backend:
    choice = registry.choose_default()
    return registry.create(choice.name, choice.options)


class _Watch:
    """Ends the run after enough jobs, and tells whose fault each stale share was."""

    def __init__(self, jobs: int, marks: set[int]) -> None:
        self.dead_sent = 0
        """Sent although the job that killed theirs had been read: our fault."""
        self.died_in_flight = 0
        self.marked: list[Result] = []
        self.stop: Callable[[], object] = lambda: None
        self._jobs_left = jobs
        self._marks = marks
        self._seen = 0
        self._arrived: deque[Job] = deque(maxlen=_REMEMBERED_JOBS)

    def __call__(self, event: Event) -> None:
        match event:
            case JobArrived(job):
                self._on_job(job)
            case ShareAnswered(share, result):
                if result.verdict is Verdict.REJECTED and result.reason is RejectReason.STALE:
                    self._on_stale(share.job, monotonic() - (result.latency or 0.0))

    def _on_job(self, job: Job) -> None:
        self._arrived.append(job)
        self._seen += 1
        if self._seen in self._marks and holdings.available():
            self.marked.append({"jobs": self._seen, **asdict(holdings.read())})
        if self._seen == self._jobs_left:
            self.stop()

    def _on_stale(self, job: Job, sent_at: float) -> None:
        killer = self._killer_of(job)
        if killer is not None and sent_at > killer.received_at:
            self.dead_sent += 1
        else:
            self.died_in_flight += 1

    def _killer_of(self, job: Job) -> Job | None:
        """Return the clean job that came next after this one, if it has come."""
        later: Job | None = None
        for candidate in reversed(self._arrived):
            if candidate is job:
                return later
            if candidate.clean:
                later = candidate
        return later
