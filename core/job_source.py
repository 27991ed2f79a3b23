"""Where jobs come from: the protocol between a source and the miner, and a fixed source."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from stampmill.core.chain import target
from stampmill.core.job import Job, Share, ShareResult, ShareSink, Verdict


class SourceState(Enum):
    """How far a source has come."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    AUTHORIZED = "authorized"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What a source knows of itself, for people to read."""

    name: str
    state: SourceState
    url: str
    user: str
    difficulty: float | None = None
    pending: int = 0
    reconnects: int = 0
    latency: float | None = None
    """Seconds that the latest answer took."""
    dropped: tuple[tuple[str, int], ...] = ()
    """Messages and jobs that were not usable, by named reason."""
    others: tuple["SourceStatus", ...] = ()
    """The pools of a group that are not mined on now."""
    faults: tuple[tuple[str, int], ...] = ()
    """Connections that did not come about or ended, by named reason."""
    number: int = 0
    """Its place in the configuration."""
    rank: int = 0
    """Its place in the order of preference, which may be changed."""
    enabled: bool = True
    """Whether it may be mined on."""
    quota: int = 1
    """Its part of the work, beside the others'."""
    sink: ShareSink | None = field(default=None, repr=False, compare=False)
    """What its jobs name as the way back of their shares; None: nobody needs to tell it."""


class JobListener(Protocol):
    """What a source tells the miner, called on the event loop as soon as the bytes are read."""

    def on_job(self, job: Job) -> None:
        """Take new work; a clean job replaces all earlier ones."""

    def on_no_job(self, why: str) -> None:
        """Stop: no job is worth hashing (the connection is gone)."""

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        """Count a share's fate; called exactly once for each share submitted."""

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        """Show a line to the user: connected, redirected, difficulty changed, pool message."""


class JobSource(Protocol):
    """Something that sends jobs and takes shares."""

    async def run(self, listener: JobListener) -> None:
        """Deliver jobs until cancelled; raise NoPoolError when the retries are used up."""

    def submit(self, share: Share) -> None:
        """Send a share of one of our jobs; its result comes through the listener, once."""

    async def drain(self, seconds: float) -> None:
        """Wait at most so long for open submits, then report what is left as lost."""

    def status(self) -> SourceStatus:
        """Return what is known now."""


class FixedJobSource:
    """One job for ever, which no share satisfies unless its target is easy: for benchmarks.

    Shares are accepted at once and kept in `shares`.
    """

    def __init__(
        self,
        share_target: int = 0,
        version_mask: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.share_target = share_target
        self.version_mask = version_mask
        self._clock = clock
        self.shares: list[Share] = []
        self._listener: JobListener | None = None

    def job(self) -> Job:
        """Return the job: a made-up one on mainnet's genesis, at the highest difficulty."""
        return Job(
            id="fixed",
            previous_hash=bytes(32),
            coinbase1=bytes(42),
            coinbase2=bytes(42),
            extranonce1=bytes(4),
            extranonce2_size=8,
            merkle_branch=(),
            version=0x20000000,
            version_mask=self.version_mask,
            nbits=0x1D00FFFF,
            ntime=1231006505,
            clean=True,
            difficulty=target.difficulty_of_target(self.share_target),
            share_target=self.share_target,
            network_target=0,
            received_at=self._clock(),
            sink=self,
        )

    async def run(self, listener: JobListener) -> None:
        """Deliver the job and wait to be cancelled."""
        self._listener = listener
        listener.on_job(self.job())
        await asyncio.Event().wait()

    def submit(self, share: Share) -> None:
        """Keep the share and accept it."""
        self.shares.append(share)
        if self._listener is not None:
            self._listener.on_share_result(share, ShareResult(Verdict.ACCEPTED, latency=0.0))

    async def drain(self, seconds: float) -> None:
        """Return: every share was answered when it was submitted."""

    def status(self) -> SourceStatus:
        """Return the name and nothing else."""
        return SourceStatus("fixed job", SourceState.AUTHORIZED, "", "")
