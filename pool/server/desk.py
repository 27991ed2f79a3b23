"""What stands on both sides of a session: the port that does its I/O, the pool behind it."""

from typing import Protocol

from stampmill.pool.server.departed import Departed
from stampmill.pool.server.events import PoolEventKind
from stampmill.pool.server.jobs import SentJob, ServerJob
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.shares import GoodShare, ShareFault, ShareTerms
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.requests import Submit


class Port(Protocol):
    """The way back to the miner; whoever does the I/O implements it."""

    @property
    def peer(self) -> str:
        """The other side's address, for people."""

    def write(self, data: bytes) -> None:
        """Send bytes without waiting."""

    def close(self) -> None:
        """End the connection; what was written still goes out where it can."""


class Desk(Protocol):
    """The pool as a session sees it. Times are monotonic seconds."""

    @property
    def options(self) -> PoolOptions:
        """The server's settings."""

    @property
    def version_mask(self) -> int:
        """The version bits that miners may roll now."""

    def resume(self, session_id: str, extranonce1: bytes, now: float) -> Departed | None:
        """Return what a session of this id left behind; it can be resumed once.

        The caller, known by `extranonce1`, then goes by the other's.
        """

    def current_job(self) -> ServerJob:
        """Return the job for a connection that has none."""

    def private_job(self, *, clean: bool) -> ServerJob:
        """Return a new job that goes to one connection only."""

    def was_made(self, job_id: str) -> bool:
        """Tell whether a job of this id ever existed."""

    def sent(self, job: ServerJob) -> None:
        """Count a job that went out to one connection."""

    def judge(self, job: ServerJob, submit: Submit, terms: ShareTerms) -> GoodShare | ShareFault:
        """Return the share if it is good and new, or why it is refused."""

    def accepted(
        self, sent: SentJob, share: GoodShare, peer: str, now: float, *, calm: bool
    ) -> bool:
        """Count a share; return whether it made a block, so that a new job is due."""

    def rejected(self, job_id: str, fault: ShareFault, peer: str) -> None:
        """Count a refusal."""

    def block_made(self, now: float) -> None:
        """Send everyone a clean job."""

    def dropped(self, why: Drop) -> None:
        """Count input that was not usable."""

    def difficulty_changed(self, difficulty: float, peer: str) -> None:
        """Count a change of a connection's difficulty."""

    def tell(self, kind: PoolEventKind, text: str, peer: str) -> None:
        """Pass an event on to whoever watches."""
