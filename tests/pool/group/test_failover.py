"""Groups of real Stratum connections, at pools that fail in turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from stampmill.core.job import Job, Verdict
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.group.choice import Failover
from stampmill.pool.group.limits import GroupLimits
from stampmill.pool.group.source import PoolGroup
from stampmill.pool.stratum.answers import MessageId, PoolError
from stampmill.pool.stratum.messages import encode, encode_error, encode_result
from stampmill.pool.stratum.requests import Authorize, Submit, Subscribe
from stampmill.pool.upstream.plan import ClientLimits
from tests.pool.loopback import (
    JOB,
    PATIENCE,
    ManualTime,
    Recorder,
    Script,
    ScriptedPool,
    in_loop,
    serving,
    turns,
)
from tests.pool.upstream.sessions import any_share

LIMITS = GroupLimits()


@dataclass
class Mine:
    """A group at work on two scripted pools, `a` before `b`."""

    group: PoolGroup
    listener: Recorder
    pools: tuple[ScriptedPool, ...]
    time: ManualTime

    async def pass_time(self, until: Callable[[], bool], most: float) -> float:
        """Let seconds pass until something is so; return how many it took."""
        start = self.time.now
        async with asyncio.timeout(PATIENCE):
            while not until():
                assert self.time.now - start < most, "it never came to be"
                await self.time.advance(0.5)
                await asyncio.sleep(0.002)  # sockets have a time of their own
        return self.time.now - start

    async def mined_on(self, place: int, most: float = 0.0) -> Job:
        """Wait, for so many seconds at most, until that pool is mined on; return its job."""
        sink = self.group._members[place].source
        jobs = self.listener.jobs

        def mined() -> bool:
            return bool(jobs) and jobs[-1].sink is sink

        await (self.pass_time(mined, most) if most else self.listener.until(mined))
        return jobs[-1]


@asynccontextmanager
async def mining(*scripts: Script, check_address: str | None = None) -> AsyncIterator[Mine]:
    """Mine on pools; the first one's jobs have to pay an address, if there is one."""
    time, listener = ManualTime(), Recorder()
    pools = tuple(ScriptedPool(script) for script in scripts)
    async with AsyncExitStack() as stack:
        for pool in pools:
            await stack.enter_async_context(serving(pool))
        sources = [
            StratumSource(
                PoolSettings(
                    f"127.0.0.1:{pool.port}", f"user{place}", f"secret{place}",
                    check_address=None if place else check_address,
                ),
                RetryPolicy(), user_agent="miner/1.0",
                clock=time.clock, sleep=time.sleep, random=lambda: 0.0,
            )
            for place, pool in enumerate(pools)
        ]  # fmt: skip
        group = PoolGroup(sources, Failover(), LIMITS, clock=time.clock, sleep=time.sleep)
        task = asyncio.create_task(group.run(listener))
        try:
            yield Mine(group, listener, pools, time)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await turns()


def only_own_credentials(mine: Mine) -> bool:
    return all(
        (said.user, said.password) == (f"user{place}", f"secret{place}")
        for place, pool in enumerate(mine.pools)
        for said in pool.asked(Authorize)
    ) and all(
        said.worker == f"user{place}"
        for place, pool in enumerate(mine.pools)
        for said in pool.asked(Submit)
    )


@in_loop
async def test_a_pool_that_accepts_and_says_nothing_is_left_within_seconds() -> None:
    async with mining(Script(silent_on=object), Script()) as mine:
        job = await mine.mined_on(1, LIMITS.first_job + 2)
        mine.group.submit(any_share(job))
        assert await mine.listener.verdict() is Verdict.ACCEPTED
        assert not mine.pools[0].submits
        assert only_own_credentials(mine)


@in_loop
async def test_a_pool_that_hangs_up_is_left_at_once_and_its_shares_are_lost_not_redirected() -> (
    None
):
    async with mining(Script(silent_on=Submit), Script()) as mine:
        old = await mine.mined_on(0)
        open_share = any_share(old)
        mine.group.submit(open_share)
        await mine.pools[0].until(lambda: len(mine.pools[0].submits) == 1)
        mine.pools[0].script = Script(close_on=Subscribe)
        mine.pools[0].hang_up()
        new = await mine.mined_on(1, 2.0)
        mine.group.submit(any_share(old))
        mine.group.submit(any_share(new))
        await mine.listener.until(lambda: len(mine.listener.results) == 3)
        assert mine.listener.verdicts == [Verdict.LOST, Verdict.LOST, Verdict.ACCEPTED]
        assert mine.listener.results[0][0] is open_share
        assert (len(mine.pools[0].submits), len(mine.pools[1].submits)) == (1, 1)
        assert only_own_credentials(mine)


@in_loop
async def test_the_first_pool_is_gone_back_to_when_stable_and_the_other_answers_to_the_end() -> (
    None
):
    asked: list[MessageId] = []
    answers_later = Script(on_submit=lambda number, _: asked.append(number) or b"")  # type: ignore[func-returns-value]
    async with mining(Script(), answers_later) as mine:
        await mine.mined_on(0)
        mine.pools[0].hang_up()
        backup = await mine.mined_on(1)
        first = mine.group._members[0].health
        await mine.pass_time(lambda: first.is_stable(mine.time.now + 2), 2 * LIMITS.stable)
        mine.group.submit(any_share(backup))
        await mine.pools[1].until(lambda: bool(asked))
        assert mine.listener.jobs[-1] is backup
        await mine.mined_on(0, 5.0)
        mine.pools[1].say(encode_result(asked[0], True))
        assert await mine.listener.verdict() is Verdict.ACCEPTED


@in_loop
async def test_a_pool_that_rejects_everything_is_left() -> None:
    low = Script(on_submit=lambda number, _: encode_error(number, PoolError(23, "Low difficulty")))
    async with mining(low, Script()) as mine:
        job = await mine.mined_on(0)
        for _ in range(LIMITS.rejects):
            mine.group.submit(any_share(job))
        await mine.listener.until(lambda: len(mine.listener.results) == LIMITS.rejects)
        await mine.mined_on(1, 3.0)
        assert only_own_credentials(mine)
        assert (f"left {mine.group._members[0].name}: it only rejects", True) in (
            mine.listener.notices
        )


@in_loop
async def test_a_pool_that_answers_no_share_is_left_though_it_goes_on_talking() -> None:
    limits = ClientLimits()
    async with mining(Script(silent_on=Submit), Script()) as mine:
        job = await mine.mined_on(0)
        for _ in range(limits.unanswered_shares):
            mine.group.submit(any_share(job))
        await mine.pools[0].until(lambda: len(mine.pools[0].submits) == limits.unanswered_shares)
        await mine.time.advance(limits.share - 10)
        mine.pools[0].say(encode(replace(JOB, job_id="fresh", ntime=JOB.ntime + 1)))
        await mine.listener.job(2)
        await mine.mined_on(1, 13.0)
        assert mine.listener.verdicts == [Verdict.UNANSWERED] * limits.unanswered_shares
        assert mine.group._members[0].source.status().faults == (("shares-unanswered", 1),)
        assert only_own_credentials(mine)


@in_loop
async def test_a_pool_whose_jobs_pay_somebody_else_is_left_at_once() -> None:
    address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    async with mining(Script(), Script(), check_address=address) as mine:
        job = await mine.mined_on(1, 3.0)
        assert mine.listener.jobs == [job]
        status = mine.group._members[0].source.status()
        assert (status.faults, status.dropped) == ((("pays-others", 1),), (("pays-others", 1),))
        told = [text for text, warning in mine.listener.notices if warning]
        assert any(f"0 of 5000000000 satoshis to {address}" in text for text in told)
