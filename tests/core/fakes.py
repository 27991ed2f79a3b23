"""Small parts that a test can steer: a clock, jobs, a source and a backend, all of them real."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from stampmill.core.backends.base import Capabilities, Telemetry, WorkFeed
from stampmill.core.chain import target
from stampmill.core.job import Job, Nonce, Share, ShareResult, ShareSink, Verdict, Work
from stampmill.core.job_source import JobListener, SourceState, SourceStatus

EASY = target.MAX_TARGET >> 3
"""Met by one hash in eight."""


class Clock:
    """Monotonic seconds that pass when a test says so."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Sink:
    """Keeps the shares that it was given."""

    def __init__(self) -> None:
        self.shares: list[Share] = []

    def submit(self, share: Share) -> None:
        self.shares.append(share)


def make_job(sink: ShareSink | None = None, **changes: Any) -> Job:
    """Return a job of a test chain that came at the clock's start, with an easy share target."""
    fields: dict[str, Any] = {
        "id": "job",
        "previous_hash": bytes(range(32)),
        "coinbase1": b"coinbase1",
        "coinbase2": b"coinbase2",
        "extranonce1": b"\x08\x00\x00\x02",
        "extranonce2_size": 4,
        "merkle_branch": (bytes(32),),
        "version": 0x20000000,
        "version_mask": 0,
        "nbits": 0x207FFFFF,
        "ntime": 1_700_000_000,
        "clean": True,
        "share_target": EASY,
        "network_target": target.target_from_nbits(0x207FFFFF),
        "received_at": 1000.0,
        "sink": Sink() if sink is None else sink,
    } | changes
    return Job(**{"difficulty": target.difficulty_of_target(fields["share_target"])} | fields)


def make_work(job: Job, **changes: Any) -> Work:
    """Return a whole nonce range of a job under its own version, reported at its share target."""
    fields: dict[str, Any] = {
        "extranonce2": bytes(job.extranonce2_size),
        "merkle_root": bytes(32),
        "ntime": job.ntime,
        "versions": (job.version,),
        "first_nonce": 0,
        "end_nonce": 1 << 32,
        "ticket_target": job.report_target,
    } | changes
    return Work(job, **fields)


def search(work: Work, limit: int, found_at: float = 0.0, device: str = "0") -> list[Nonce]:
    """Hash the first nonces of a piece of work and return those that meet its ticket."""
    end = min(work.first_nonce + limit, work.end_nonce)
    return [
        Nonce(work, nonce, version, work.ntime, found_at, device)
        for nonce in range(work.first_nonce, end)
        for version in work.versions
        if target.meets_target(work.header(nonce, version).hash(), work.ticket_target)
    ]


def first_nonce(work: Work, *, meets: bool = True) -> Nonce:
    """Return the first nonce that meets the ticket of a piece of work, or the first that misses."""
    for number in range(work.first_nonce, work.end_nonce):
        digest = work.header(number).hash()
        if target.meets_target(digest, work.ticket_target) is meets:
            return Nonce(work, number, work.versions[0], work.ntime, 0.0, "0")
    raise AssertionError("no such nonce")


class MemoryBackend:
    """Hashes with hashlib on the event loop, a batch at a time; `calls` is what it was told."""

    def __init__(
        self,
        name: str = "memory",
        *,
        max_versions: int = 1,
        ticket_difficulty: float | None = None,
        batch: int = 16,
    ) -> None:
        self.name = name
        self.calls: list[str] = []
        self.feed: WorkFeed | None = None
        self.hashes = 0
        self.fails_to_open: Exception | None = None
        self.fails_to_close: Exception | None = None
        self._found: deque[Nonce] = deque()
        self._batch = batch
        self._capabilities = Capabilities(f"{name} kernel", ("0",), max_versions, ticket_difficulty)

    async def open(self) -> None:
        self.calls.append("open")
        if self.fails_to_open is not None:
            raise self.fails_to_open

    def capabilities(self) -> Capabilities:
        return self._capabilities

    def update(self, feed: WorkFeed) -> None:
        self.calls.append("update")
        self.feed = feed

    def replace(self, feed: WorkFeed) -> None:
        self.calls.append("replace")
        self.feed = feed

    def idle(self) -> None:
        self.calls.append("idle")
        self.feed = None

    def mine(self) -> list[Nonce]:
        """Take a piece of the current work and return what is found in it."""
        assert self.feed is not None, "no work"
        work = self.feed.take(self._batch, self._capabilities.max_versions)
        assert work is not None, "work is used up"
        self.hashes += (work.end_nonce - work.first_nonce) * len(work.versions)
        return search(work, self._batch)

    async def nonces(self) -> AsyncIterator[Nonce]:
        while "close" not in self.calls or self._found:
            while self._found:
                yield self._found.popleft()
            if self.feed is not None:
                self._found.extend(self.mine())
            await turn()

    def telemetry(self) -> Telemetry:
        return Telemetry({"0": self.hashes})

    async def close(self) -> None:
        self.calls.append("close")
        self.feed = None
        if self.fails_to_close is not None:
            raise self.fails_to_close


class BreakingBackend(MemoryBackend):
    """Breaks after its first finds."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(name)
        self.error = error

    async def nonces(self) -> AsyncIterator[Nonce]:
        while self.feed is None:
            await turn()
        for nonce in self.mine():
            yield nonce
        raise self.error


class MemorySource:
    """Sends the jobs that a test gives it; what it has not answered at the end is lost."""

    def __init__(self, *, accept: bool = True) -> None:
        self.accept = accept
        self.fails: Exception | None = None
        self.shares: list[Share] = []
        self.unanswered: list[Share] = []
        self.drained = False
        self.listener: JobListener | None = None
        self._jobs: list[Job] = []

    def add(self, *jobs: Job) -> None:
        """Send these jobs as soon as it runs."""
        self._jobs.extend(jobs)

    async def run(self, listener: JobListener) -> None:
        self.listener = listener
        for job in self._jobs:
            listener.on_job(job)
        if self.fails is not None:
            raise self.fails
        await asyncio.Event().wait()

    def submit(self, share: Share) -> None:
        self.shares.append(share)
        if self.accept:
            self._answer(share, ShareResult(Verdict.ACCEPTED, latency=0.25))
        else:
            self.unanswered.append(share)

    async def drain(self, seconds: float) -> None:
        self.drained = True
        while self.unanswered:
            self._answer(self.unanswered.pop(), ShareResult(Verdict.LOST))

    def status(self) -> SourceStatus:
        return SourceStatus("memory", SourceState.AUTHORIZED, "", "", pending=len(self.unanswered))

    def _answer(self, share: Share, result: ShareResult) -> None:
        assert self.listener is not None
        self.listener.on_share_result(share, result)


async def turn() -> None:
    """Let every task that is ready take a step."""
    await asyncio.sleep(0)
