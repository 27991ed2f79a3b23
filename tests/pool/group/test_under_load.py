"""Minutes of failing over under load, on a clock that hurries: no share without a counter."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from stampmill.core.events import ShareAnswered
from stampmill.core.job import Job, Share, ShareResult
from stampmill.core.scheduler import Scheduler
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.core.stats import Stats
from stampmill.pool.client import StratumSource
from stampmill.pool.group.choice import Failover
from stampmill.pool.group.limits import GroupLimits
from stampmill.pool.group.source import PoolGroup
from stampmill.pool.server.chaos.catalogue import Chaos
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.events import CloseReason
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.shares import ShareFault
from tests.core.fakes import MemoryBackend

HURRY = 60.0
SECONDS = 360.0
ROUND = 60.0
SCENARIOS = ("rejects", "silence", "no-share-answers", "flapping", "black-hole")
LIMITS = GroupLimits(stable=10.0, most_stable=20.0, rest=10.0)
"""Hasty, so that a pool is gone back to within a round."""
EASY = 1e-9
OPTIONS = PoolOptions(fixed_difficulty=EASY, job_interval=0.5, block_every=0, transactions=1)


@dataclass
class Listener:
    """The scheduler's own listener, with a note of each share's fate and of who was mined on."""

    scheduler: Scheduler
    fates: Counter[int] = field(default_factory=Counter)
    sinks: list[object] = field(default_factory=list)

    def on_job(self, job: Job) -> None:
        if not self.sinks or self.sinks[-1] is not job.sink:
            self.sinks.append(job.sink)
        self.scheduler.on_job(job)

    def on_no_job(self, why: str) -> None:
        self.scheduler.on_no_job(why)

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        self.fates[id(share)] += 1
        self.kept.append(share)  # an id is unique as long as its share lives
        self.scheduler.on_share_result(share, result)

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        self.scheduler.on_notice(text, warning=warning)

    kept: list[Share] = field(default_factory=list)


def hurried() -> float:
    return time.monotonic() * HURRY


async def hurried_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / HURRY)


async def spoil(pools: list[EmbeddedPool]) -> None:
    """Let the first two pools misbehave in turns, each time in another way."""
    for turn in range(int(SECONDS / ROUND)):
        for place, pool in enumerate(pools[:2]):
            honest = (turn + place) % 3 == 0
            name = SCENARIOS[(turn + 2 * place) % len(SCENARIOS)]
            pool.chaos = None if honest else Chaos([name], seed=turn)
            for session in tuple(pool._core.sessions()):
                session.close(CloseReason.SHUTDOWN)
        await hurried_sleep(ROUND)


async def hash_on(backend: MemoryBackend, scheduler: Scheduler) -> int:
    """Report what a backend finds, for ever; a nonce in fifty twice."""
    reported = 0
    try:
        while True:
            await asyncio.sleep(0.01)
            for nonce in backend.mine() if backend.feed is not None else ():
                reported += 1
                scheduler.on_nonce(nonce)
                if reported % 50 == 0:
                    reported += 1
                    scheduler.on_nonce(nonce)
    except asyncio.CancelledError:
        return reported


def test_minutes_of_chaos_lose_no_share_unnamed_and_send_none_twice_or_elsewhere() -> None:
    async def body() -> None:
        pools = [EmbeddedPool(OPTIONS) for _ in range(3)]
        addresses = [await pool.start() for pool in pools]
        sources = [
            StratumSource(
                PoolSettings(f"stratum+tcp://{host}:{port}", f"user{place}"),
                RetryPolicy(), user_agent="miner/1.0", clock=hurried, sleep=hurried_sleep,
            )
            for place, (host, port) in enumerate(addresses)
        ]  # fmt: skip
        group = PoolGroup(sources, Failover(), LIMITS, clock=hurried, sleep=hurried_sleep)
        backend, stats, sent = MemoryBackend(), Stats(), []
        scheduler = Scheduler(
            [backend], stats, hurried,
            lambda event: sent.append(event.share) if isinstance(event, ShareAnswered) else None,
        )  # fmt: skip
        listener = Listener(scheduler)
        running = asyncio.create_task(group.run(listener))
        hashing = asyncio.create_task(hash_on(backend, scheduler))
        await spoil(pools)
        hashing.cancel()
        reported = await hashing
        await group.drain(HURRY)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for pool in pools:
            await pool.close()
        check(reported, stats, listener, pools)

    asyncio.run(body())


def check(reported: int, stats: Stats, listener: Listener, pools: list[EmbeddedPool]) -> None:
    named = (stats.accepted, stats.rejected, stats.stale, stats.lost, stats.unanswered,
             stats.duplicates, stats.below_share, stats.hardware_errors)  # fmt: skip
    assert sum(named) == reported, named
    assert stats.hardware_errors == 0
    assert stats.duplicates > 0
    assert stats.accepted > reported / 4, named
    assert stats.rejected > 0
    assert set(listener.fates.values()) == {1}
    # Mined on all three, and changed often.
    assert len(set(map(id, listener.sinks))) == 3
    assert len(listener.sinks) > 5
    for pool in pools:
        foreign = pool.counters.rejected
        assert foreign[ShareFault.DUPLICATE] == 0
        assert foreign[ShareFault.UNKNOWN_JOB] == 0
        assert foreign[ShareFault.LOW_DIFFICULTY] == 0
        assert foreign[ShareFault.UNAUTHORIZED] == 0
        assert pool.counters.accepted > 0
