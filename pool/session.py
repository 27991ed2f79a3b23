"""One connection's events, told to the listener and noted for the connections to come."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stampmill.core.job import Job, Share, ShareResult, Verdict
from stampmill.core.job_source import JobListener, SourceState
from stampmill.core.rate_limit import RateLimit
from stampmill.pool.audit import AuditEvent, AuditLog
from stampmill.pool.connection import PoolConnection
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.memory import PoolMemory
from stampmill.pool.redirect import RedirectPolicy, RedirectRefusedError
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.notifications import Reconnect
from stampmill.pool.upstream import events as event
from stampmill.pool.upstream.events import ClientEvent, EndCause

LIVED = 60.0
"""Seconds of authorized life with a job after which a pool counts as working."""
REDIRECT_DRAIN = 2.0
"""Seconds that open shares get on the old connection when the pool asks us to leave it."""

_QUIET = {Drop.DUPLICATE_JOB, Drop.UNMATCHED_ANSWER, Drop.UNKNOWN_METHOD, Drop.UNANSWERED_REQUEST}
"""Counted, and not worth a line on the screen: ordinary pools do these things."""


@dataclass
class PoolRecord:
    """What outlives a connection: memory, policies and counters of one pool."""

    memory: PoolMemory
    redirects: RedirectPolicy
    state: SourceState = SourceState.DISCONNECTED
    latency: float | None = None
    drops: Counter[Drop] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    audit: AuditLog = field(default_factory=AuditLog)
    notices: RateLimit = field(default_factory=lambda: RateLimit(burst=10, seconds=60))
    warnings: RateLimit = field(default_factory=lambda: RateLimit(burst=10, seconds=60))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `proved`: the pool worked, so this was no failure of the pool's."""

    text: str
    cause: EndCause | None = None
    proved: bool = False
    next_endpoint: Endpoint | None = None
    wait: float = 0.0


class Session:
    """Listens to one PoolConnection from its first event to its last."""

    def __init__(
        self,
        listener: JobListener,
        record: PoolRecord,
        endpoint: Endpoint,
        clock: Callable[[], float],
    ) -> None:
        self.proved = False
        self._listener = listener
        self._record = record
        self._endpoint = endpoint
        self._clock = clock
        self._authorized_at: float | None = None
        self._mask: int | None = 0
        self._has_job = False
        self._seen_drops: set[Drop] = set()
        self._redirect: tuple[Endpoint, float] | None = None
        self._redirected = asyncio.Event()

    async def serve(self, connection: PoolConnection) -> Outcome:
        """Return how the connection ended, once it has; draining it first if redirected."""
        watch = asyncio.create_task(connection.watch())
        moved = asyncio.create_task(self._redirected.wait())
        try:
            ends: list[asyncio.Future[Any]] = [connection.ended, moved, watch]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            if not connection.ended.done():
                await connection.settle(REDIRECT_DRAIN)
                connection.close(EndCause.REDIRECTED, "the pool asked us to connect again")
            return self._outcome(connection.ended.result())
        finally:
            watch.cancel()
            moved.cancel()

    def handle(self, connection: PoolConnection, what: ClientEvent) -> None:
        """Take the next event."""
        match what:
            case event.JobReceived(job):
                self._on_job(job)
            case event.ShareAnswered(share, result):
                self._on_share(share, result)
            case event.DifficultyChanged(difficulty):
                self._note(f"share difficulty {difficulty:g} from the next job on")
            case event.VersionRollingSettled(mask):
                self._on_version_rolling(mask)
            case event.ExtensionRefused(extension):
                self._note(f"the pool does not grant {extension}", warning=True)
            case event.Subscribed(result, _):
                self._record.memory.on_subscribed(result)
            case event.Authorized(user):
                self._on_authorized(user)
            case event.RedirectAsked(redirect):
                self._on_redirect(redirect)
            case event.MessageShown(text):
                self._listener.on_notice(f"the pool says: {text}")
            case event.Dropped(drop, text):
                self._on_drop(drop, text)
            case event.Ended():
                self._on_ended(connection, what)

    def _on_job(self, job: Job) -> None:
        self._has_job = True
        self._listener.on_job(job)

    def _on_share(self, share: Share, result: ShareResult) -> None:
        if result.latency is not None:
            self._record.latency = result.latency
        self.proved = self.proved or result.verdict is Verdict.ACCEPTED
        self._listener.on_share_result(share, result)

    def _on_version_rolling(self, mask: int | None) -> None:
        if mask is not None:
            self._record.memory.on_configured()
        if mask != self._mask:
            self._mask = mask
            self._note("no version rolling" if mask is None else f"version rolling {mask:08x}")

    def _on_authorized(self, user: str) -> None:
        self._authorized_at = self._clock()
        self._record.state = SourceState.AUTHORIZED
        self._listener.on_notice(f"connected to {self._endpoint} as {user}")

    def _on_redirect(self, redirect: Reconnect) -> None:
        if self._redirect is not None:
            return
        try:
            target = self._record.redirects.judge(redirect, self._clock())
        except RedirectRefusedError as error:
            self._audit(AuditEvent.REDIRECT_REFUSED, redirect, why=str(error))
            self._on_drop(Drop.REDIRECT_REFUSED, f"redirect {error}", always=True)
            return
        self._audit(AuditEvent.REDIRECT_FOLLOWED, redirect, to=str(target))
        self._redirect = (target, redirect.wait)
        self._redirected.set()

    def _audit(self, what: AuditEvent, asked: Reconnect, **fields: str) -> None:
        """Record what was asked for, word for word."""
        place = str(self._endpoint)
        self._record.audit.record(
            what, pool=place, host=asked.host, port=asked.port, wait=asked.wait, **fields
        )

    def _on_drop(self, drop: Drop, text: str, *, always: bool = False) -> None:
        self._record.drops[drop] += 1
        if drop not in _QUIET and (always or drop not in self._seen_drops):
            self._note(f"ignored from the pool ({drop.value}): {text}", warning=True)
        self._seen_drops.add(drop)

    def _on_ended(self, connection: PoolConnection, ended: event.Ended) -> None:
        lived_since = self._authorized_at
        if lived_since is not None and self._has_job and self._clock() - lived_since >= LIVED:
            self.proved = True
        if ended.cause is EndCause.PEER_CLOSED:
            requests = connection.protocol.open_requests
            self._record.memory.on_hang_up(requests, authorized=lived_since is not None)
        self._record.state = SourceState.DISCONNECTED
        if self._has_job and ended.cause is not EndCause.STOPPED:
            self._listener.on_no_job(ended.text)

    def _outcome(self, ended: event.Ended) -> Outcome:
        text = ended.text
        if self._authorized_at is None and ended.cause is EndCause.PEER_CLOSED:
            text = f"{text} before it let us in"
        if self._redirect is None:
            return Outcome(text, ended.cause, self.proved)
        return Outcome(text, ended.cause, self.proved, *self._redirect)

    def _note(self, text: str, *, warning: bool = False) -> None:
        """Show what a pool can cause at will, ten lines of each kind a minute at most."""
        limit = self._record.warnings if warning else self._record.notices
        if limit.allow(self._clock()):
            self._listener.on_notice(text, warning=warning)
