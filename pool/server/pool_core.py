"""The pool behind all sessions, without I/O: jobs out to everyone, shares and blocks in."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from stampmill.core.chain.header import display
from stampmill.core.chain.target import difficulty_of_hash
from stampmill.pool.node.block import assemble
from stampmill.pool.node.chain import Node
from stampmill.pool.server.block_policy import BlockPolicy
from stampmill.pool.server.counters import (
    JobLog,
    JobStats,
    PoolCounters,
    PoolSnapshot,
    snapshot_of,
)
from stampmill.pool.server.departed import Departed, DepartedSessions
from stampmill.pool.server.desk import Port
from stampmill.pool.server.events import (
    CloseReason,
    HandshakeFault,
    PoolEvent,
    PoolEventKind,
    PoolListener,
)
from stampmill.pool.server.jobs import JobFactory, SentJob, ServerJob
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.session import MinerSession
from stampmill.pool.server.shares import GoodShare, SeenShares, ShareFault, ShareTerms, judge
from stampmill.pool.server.terms import Extranonces
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.requests import Submit


@dataclass(frozen=True, slots=True)
class PoolWorld:
    """What a pool is given of the world outside: two clocks, randomness, and who watches."""

    clock: Callable[[], float]
    """Seconds since 1970."""
    monotonic: Callable[[], float]
    random: Random
    listener: PoolListener | None = None


class PoolCore:
    """Holds the sessions and the current job; a session's `Desk`."""

    def __init__(self, options: PoolOptions, node: Node, world: PoolWorld) -> None:
        self.options = options
        self.node = node
        self.counters = PoolCounters()
        self.jobs = JobLog()
        self._world = world
        extranonces = options.extranonce1_size + options.extranonce2_size
        self._factory = JobFactory(extranonces, world.random.getrandbits(32))
        self._policy = BlockPolicy(options.block_every, options.block_pause)
        self._seen = SeenShares(options.shares_kept)
        self._sessions: dict[bytes, MinerSession] = {}
        self._departed = DepartedSessions(options.max_connections)
        self._extranonce1_space = 1 << 8 * options.extranonce1_size
        self._next_extranonce1 = world.random.randrange(self._extranonce1_space)
        self.version_mask = options.version_mask
        """The version bits that miners may roll now."""
        self._tip = b""
        self._current = self._make(clean=True)
        self._tip = self._current.notify.previous_hash

    def now(self) -> float:
        """Return the monotonic time that every other method wants."""
        return self._world.monotonic()

    def snapshot(self) -> PoolSnapshot:
        """Return the counters as they stand."""
        return snapshot_of(
            self.counters,
            connections=len(self._sessions),
            height=self.node.height,
            blocks_put_off=self._policy.put_off,
        )

    def connect(self, port: Port, now: float) -> MinerSession | None:
        """Return a session for a new connection, or None if there are too many."""
        most = min(self.options.max_connections, self._extranonce1_space)
        if len(self._sessions) >= most:
            self.counters.closed[CloseReason.FULL] += 1
            return None
        self.counters.connections += 1
        session_id = f"{self._world.random.getrandbits(64):016x}"
        session = MinerSession(self, port, self._new_extranonces(), session_id, now)
        self._sessions[session.extranonce1] = session
        self.tell(PoolEventKind.CONNECTED, "", port.peer)
        return session

    def handshake_failed(self, fault: HandshakeFault, text: str, peer: str) -> None:
        """Count a connection that did not get through TLS."""
        self.counters.handshakes_failed[fault] += 1
        self.tell(PoolEventKind.HANDSHAKE_FAILED, f"{fault.value}: {text}", peer)

    def disconnect(self, session: MinerSession) -> None:
        """Forget a session whose connection is gone."""
        reason = session.closed or CloseReason.PEER
        del self._sessions[session.extranonce1]
        if session.handout.begun:
            gone = Departed(session.extranonces, session.handout.jobs, self.now())
            self._departed.add(session.session_id, gone)
        self.counters.closed[reason] += 1
        self.tell(PoolEventKind.DISCONNECTED, reason.value, session.peer)

    def sessions(self) -> tuple[MinerSession, ...]:
        """Return all sessions, the oldest first."""
        return tuple(self._sessions.values())

    def tick(self, now: float) -> None:
        """Let every session look at the clock."""
        for session in self.sessions():
            session.tick(now)

    def periodic_job(self, now: float) -> None:
        """Send everyone a fresh job."""
        self._broadcast(clean=self.options.clean_every_job, now=now)

    def block_made(self, now: float) -> None:
        """Send everyone a clean job."""
        self._broadcast(clean=True, now=now)

    def resume(self, session_id: str, extranonce1: bytes, now: float) -> Departed | None:
        """Return what a session of this id left behind; it can be resumed once."""
        departed = self._departed.take(session_id, now)
        if departed is not None:
            self._sessions[departed.extranonces.extranonce1] = self._sessions.pop(extranonce1)
        return departed

    def renew_extranonces(self, now: float) -> None:
        """Give everyone another extranonce1, as behind a pool that has changed its own.

        Who does not understand that is dropped, so that it subscribes again.
        """
        job = self._make_current(clean=True)
        for session in self.sessions():
            del self._sessions[session.extranonce1]
            session.renew(self._new_extranonces(), job, now)
            self._sessions[session.extranonce1] = session

    def set_version_mask(self, mask: int) -> None:
        """Let miners roll these bits only, for jobs already out too."""
        self.version_mask = mask
        for session in self.sessions():
            session.tell_version_mask()

    def current_job(self) -> ServerJob:
        """Return the job for a connection that has none."""
        return self._current

    def private_job(self, *, clean: bool) -> ServerJob:
        """Return a new job that goes to one connection only."""
        return self._make(clean=clean)

    def was_made(self, job_id: str) -> bool:
        """Tell whether a job of this id ever existed."""
        return self._factory.made(job_id)

    def sent(self, job: ServerJob) -> None:
        """Count a job that went out to one connection."""
        stats = self.jobs.get(job.id)
        if stats is not None:
            stats.connections += 1

    def judge(self, job: ServerJob, submit: Submit, terms: ShareTerms) -> GoodShare | ShareFault:
        """Return the share if it is good and new, or why it is refused."""
        share = judge(job, submit, terms, self._world.clock())
        if isinstance(share, GoodShare) and not self._seen.add(share.hash):
            return ShareFault.DUPLICATE
        return share

    def accepted(
        self, sent: SentJob, share: GoodShare, peer: str, now: float, *, calm: bool
    ) -> bool:
        """Count a share; return whether it made a block, so that a new job is due."""
        self.counters.accepted += 1
        self.counters.accepted_difficulty += sent.difficulty
        stats = self.jobs.get(sent.job.id)
        if stats is not None:
            stats.accepted += 1
            if stats.first_share_at is None:
                stats.first_share_at = now
        if self._world.listener is not None:
            text = f"{sent.difficulty:.4g}, hash {difficulty_of_hash(share.hash):.4g}"
            self.tell(PoolEventKind.ACCEPTED, text, peer)
        wanted = self._policy.wants(sent.job, share.hash, now, calm=calm)
        return wanted and self._submit_block(sent.job, share, peer)

    def rejected(self, job_id: str, fault: ShareFault, peer: str) -> None:
        """Count a refusal."""
        self.counters.rejected[fault] += 1
        stats = self.jobs.get(job_id)
        if stats is not None:
            stats.rejected += 1
            stats.late += fault is ShareFault.STALE
        self.tell(PoolEventKind.REJECTED, fault.value, peer)

    def dropped(self, why: Drop) -> None:
        """Count input that was not usable."""
        self.counters.dropped[why] += 1

    def difficulty_changed(self, difficulty: float, peer: str) -> None:
        """Count a change of a connection's difficulty."""
        self.counters.difficulty_changes += 1
        self.tell(PoolEventKind.DIFFICULTY, f"{difficulty:.6g}", peer)

    def tell(self, kind: PoolEventKind, text: str, peer: str) -> None:
        """Pass an event on to whoever watches."""
        if self._world.listener is not None:
            self._world.listener(PoolEvent(kind, text, peer))

    def _submit_block(self, job: ServerJob, share: GoodShare, peer: str) -> bool:
        reason = self.node.submit(assemble(share.header, share.coinbase, job.transactions))
        if reason is not None:
            self.counters.blocks_refused[reason] += 1
            self.tell(PoolEventKind.BLOCK_REFUSED, reason.value, peer)
            return False
        self.counters.blocks += 1
        self.tell(PoolEventKind.BLOCK, f"{self.node.height} {display(share.hash)}", peer)
        return True

    def _broadcast(self, *, clean: bool, now: float) -> None:
        job = self._make_current(clean=clean)
        told = [session for session in self.sessions() if session.mining]
        # The last miner waits for all writes, but not for what we note of them.
        sent = [session.handout.write(job, now) for session in told]
        written_at = self.now()
        for session, job_sent in zip(told, sent, strict=True):
            session.handout.keep(job_sent)
        stats = self.jobs.get(job.id)
        if stats is not None:
            stats.connections += len(told)
            stats.written_at = written_at

    def _make_current(self, *, clean: bool) -> ServerJob:
        job = self._current = self._make(clean=clean)
        if job.notify.clean:
            self._seen.clear()
            self._departed.kill_jobs()
            self._tip = job.notify.previous_hash
        return job

    def _make(self, *, clean: bool) -> ServerJob:
        template = self.node.template()
        job = self._factory.make(template, clean=clean or template.previous_hash != self._tip)
        self.counters.jobs += 1
        self.counters.clean_jobs += job.notify.clean
        self.jobs.add(JobStats(job.id, job.notify.clean, self.now()))
        return job

    def _new_extranonces(self) -> Extranonces:
        """Return numbers that nobody has, nor may come back to; there are some left."""
        if len(self._sessions) + len(self._departed) >= self._extranonce1_space:
            self._departed.clear()
        while True:
            number = self._next_extranonce1
            self._next_extranonce1 = (number + 1) % self._extranonce1_space
            extranonce1 = number.to_bytes(self.options.extranonce1_size, "big")
            if extranonce1 not in self._sessions and not self._departed.holds(extranonce1):
                return Extranonces(extranonce1, self.options.extranonce2_size)
