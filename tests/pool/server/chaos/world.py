"""The real client at a misbehaving pool, both without sockets, on a clock that runs by itself."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from stampmill.core.chain.target import meets_target
from stampmill.core.job import Job, Share, ShareResult, Verdict
from stampmill.pool.connection import WRITE_LIMIT
from stampmill.pool.memory import PoolMemory
from stampmill.pool.server.chaos.catalogue import Chaos
from stampmill.pool.server.chaos.link import ChaosLink
from stampmill.pool.upstream.events import (
    Authorized,
    ClientEvent,
    EndCause,
    Ended,
    JobReceived,
    RedirectAsked,
    ShareAnswered,
    Subscribed,
    VersionRollingSettled,
)
from stampmill.pool.upstream.plan import ClientPlan
from stampmill.pool.upstream.protocol import ClientProtocol
from tests.pool.server.rig import EASY, Rig
from tests.pool.upstream.sessions import Sink, found

PLAN = ClientPlan(
    "miner/1.0", "w", suggest_difficulty=EASY, extranonce_subscribe=True, minimum_difficulty=EASY
)
JOB_EVERY, BLOCK_EVERY, PAUSE = 30.0, 90.0, 2.0
FORGERS = {"frozen-job", "double-answers", "stuck-tip", "pays-others"}
MOST_TURNS = 50
"""So often two honest sides answer each other at most before both are silent."""


@dataclass
class Socket:
    """The pool's port: what it writes waits for the client, in the pieces it was written in."""

    peer: str = "192.0.2.1:4000"
    pieces: list[bytes] = field(default_factory=list)
    closed: bool = False
    reading: bool = True

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.pieces.append(data)

    def close(self) -> None:
        self.closed = True

    def stop_reading(self) -> None:
        self.reading = False


class World:
    """A client that connects again whenever it loses the pool, and a share each second."""

    def __init__(self, *names: str, seed: int = 1, plan: ClientPlan = PLAN, **options: Any) -> None:
        self.plan = plan
        self.rig = Rig(fixed_difficulty=EASY, idle_timeout=3600, **options)
        self.chaos = Chaos(names, seed)
        self.memory = PoolMemory()
        self.results: Counter[Verdict] = Counter()
        self.reasons: Counter[str] = Counter()
        self.ends: Counter[EndCause] = Counter()
        self.drops: Counter[str] = Counter()
        self.redirects: Counter[str | None] = Counter()
        self.jobs = 0
        self.submitted = 0
        self.forged = 10**9 if FORGERS & set(names) else 0
        """How many yeses a pool may give without meaning them."""
        self.answered: Counter[int] = Counter()
        self.longest_line = 0
        self.job: Job | None = None
        self._authorized = False
        self._numbers = 0
        self._dial_at = self.rig.now()
        self._next_job, self._next_block = self._dial_at + JOB_EVERY, self._dial_at + BLOCK_EVERY
        self.client: ClientProtocol | None = None
        self._unread = 0

    def live(self, seconds: float, step: float = 0.5) -> "World":
        """Let time pass."""
        for _ in range(round(seconds / step)):
            self.rig.clocks.advance(step)
            now = self.rig.now()
            if self.client is None and now >= self._dial_at:
                self._connect()
            self._pool_acts(now)
            self._pump()
            if self.client is not None:
                self._take(self.client.poll(now))
            self._mine()
            self._pump()
            self.rig.events.clear()
        return self

    def stop(self) -> "World":
        """Give up what is open, as at the end of a run."""
        if self.client is not None:
            self._take(self.client.end(EndCause.STOPPED, "stopped", self.rig.now()))
        return self

    def _connect(self) -> None:
        self.socket = Socket()
        self.link: ChaosLink = self.chaos.link(self.socket)
        session = self.rig.core.connect(self.link, self.rig.now())
        assert session is not None
        self.session = session
        self._unread = 0
        self._authorized = False
        self.client = ClientProtocol(self.memory.plan(self.plan), Sink(), on_line=self._on_line)
        self.link.opened(session)
        self.client.start(self.rig.now())

    def _on_line(self, line: bytes) -> None:
        self.longest_line = max(self.longest_line, len(line))

    def _pool_acts(self, now: float) -> None:
        self.rig.core.tick(now)
        self.chaos.tick(now)
        if now >= self._next_job:
            self._next_job = now + JOB_EVERY
            self.rig.core.periodic_job(now)
        if now >= self._next_block:
            self._next_block = now + BLOCK_EVERY
            self.rig.core.block_made(now)

    def _pump(self) -> None:
        """Carry bytes both ways until both are silent."""
        for _ in range(MOST_TURNS):
            client = self.client
            if client is None:
                return
            up = client.data_to_send()
            if self.socket.reading and not self.socket.closed:
                self.link.receive(up, self.rig.now())
            else:
                self._unread += len(up)
                if self._unread > WRITE_LIMIT:
                    self._take(client.end(EndCause.NOT_READING, "not reading", self.rig.now()))
                    return
            pieces, self.socket.pieces = self.socket.pieces, []
            for piece in pieces:
                self._take(client.feed(piece, self.rig.now()))
                if self.client is not client:
                    return
            if self.socket.closed and not pieces:
                self._take(client.end(EndCause.PEER_CLOSED, "closed", self.rig.now()))
                return
            if not up and not pieces:
                return
        raise AssertionError("the two sides never fall silent")

    def _take(self, events: list[ClientEvent]) -> None:
        for each in events:
            assert getattr(each, "text", "").isprintable()
            match each:
                case JobReceived(job):
                    self.job = job
                    self.jobs += 1
                case ShareAnswered(share, result):
                    self._on_result(share, result)
                case Subscribed(result, _):
                    self.memory.on_subscribed(result)
                case VersionRollingSettled(mask) if mask is not None:
                    self.memory.on_configured()
                case Authorized():
                    self._authorized = True
                case RedirectAsked(redirect):
                    self.redirects[redirect.host] += 1
                case Ended(cause):
                    self._on_end(cause)

    def _on_result(self, share: Share, result: ShareResult) -> None:
        self.results[result.verdict] += 1
        self.answered[share.nonce.nonce] += 1
        if result.reason is not None:
            self.reasons[result.reason.value] += 1

    def _on_end(self, cause: EndCause) -> None:
        assert self.client is not None
        self.ends[cause] += 1
        self.drops += Counter({drop.value: n for drop, n in self.client.drops.items()})
        if cause is EndCause.PEER_CLOSED:
            self.memory.on_hang_up(self.client.open_requests, authorized=self._authorized)
        self.rig.core.disconnect(self.session)
        self.chaos.unlink(self.link)
        self.client = self.job = None
        self._dial_at = self.rig.now() + PAUSE

    def _mine(self) -> None:
        if self.client is None or self.job is None:
            return
        share = self._find(self.job)
        if share is not None:
            self.submitted += 1
            self._take(self.client.submit(share, self.rig.now()))

    def _find(self, job: Job) -> Share | None:
        """Return a share, each with numbers of its own, or None if it would take long."""
        for _ in range(100):
            self._numbers += 1
            number = self._numbers
            size = job.extranonce2_size
            extranonce2 = (number % (1 << 8 * size)).to_bytes(size, "big").hex()
            bits = job.version_mask & -job.version_mask if number % 2 else 0
            fields = (extranonce2, f"{job.ntime:08x}", f"{number:08x}")
            share = found(job, fields, job.version | bits)
            if meets_target(share.hash, job.share_target):
                return share
        return None
