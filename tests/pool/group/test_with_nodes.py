"""Groups of pools and nodes: mining alone takes over from a pool, and the other way round."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from stampmill.core.job import Job, Verdict
from stampmill.core.job_source import JobSource
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.group.choice import Balance, Failover, Policy
from stampmill.pool.group.limits import GroupLimits
from stampmill.pool.group.source import PoolGroup
from stampmill.pool.payout.address import read_address
from stampmill.pool.solo.block_folder import BlockFolder
from stampmill.pool.solo.judgement import Terms
from stampmill.pool.solo.source import SoloSource
from stampmill.pool.stratum.requests import Subscribe
from tests.pool.loopback import (
    PATIENCE,
    ManualTime,
    Recorder,
    Script,
    ScriptedPool,
    in_loop,
    serving,
)
from tests.pool.solo import nodes
from tests.pool.solo.nodes import Node, Traffic, client_of, solve
from tests.pool.upstream.sessions import any_share

LIMITS = GroupLimits()
MAINNET_ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


async def broken(_request: web.BaseRequest) -> web.Response:
    return web.Response(status=503, text="Work queue depth exceeded")


@dataclass
class Mixed:
    """A pool and a node in a group, in either order."""

    group: PoolGroup
    listener: Recorder
    pool: ScriptedPool
    node: Node
    stratum: StratumSource
    solo: SoloSource
    time: ManualTime
    traffic: Traffic
    task: "asyncio.Task[None]"

    def is_at(self, source: JobSource) -> bool:
        place = next(i for i, m in enumerate(self.group._members) if m.source is source)
        return self.group._active is self.group._members[place] and bool(self.listener.jobs)

    async def pass_time(self, until: Callable[[], bool], most: float) -> float:
        start = self.time.now
        async with asyncio.timeout(PATIENCE):
            while not until():
                assert not self.task.done(), self.task.exception()
                assert self.time.now - start < most, "it never came to be"
                await self.time.advance(1.0)
                await self.traffic.quiet()
                await asyncio.sleep(0.005)  # the pool's sockets have a time of their own
        return self.time.now - start

    async def at(self, source: JobSource, most: float) -> tuple[Job, float]:
        """Wait until a source is mined on; return its job, and the seconds that it took."""
        seconds = await self.pass_time(lambda: self.is_at(source), most)
        return self.listener.jobs[-1], seconds


@asynccontextmanager
async def mixed(
    folder: Path, *, node_first: bool, address: str = nodes.ADDRESS, balance: bool = False
) -> AsyncIterator[Mixed]:
    time, listener, pool, node = ManualTime(), Recorder(), ScriptedPool(), Node()
    async with serving(pool), nodes.serving(node):
        clocks: dict[str, Any] = {
            "clock": time.clock, "sleep": time.sleep, "random": lambda: 0.0,
        }  # fmt: skip
        settings = PoolSettings(f"127.0.0.1:{pool.port}", "me")
        stratum = StratumSource(settings, RetryPolicy(), user_agent="m", **clocks)
        client, traffic = client_of(node.port), Traffic()
        client.traffic = traffic
        solo = SoloSource(
            [client], Terms(read_address(address), None), BlockFolder(folder),
            RetryPolicy(), silence=LIMITS.first_job, test_difficulty=1e-9, **clocks,
        )  # fmt: skip
        sources: list[JobSource] = [solo, stratum] if node_first else [stratum, solo]
        policy: Policy = Balance(LIMITS.slice) if balance else Failover()
        group = PoolGroup(sources, policy, LIMITS, clock=time.clock, sleep=time.sleep)
        task = asyncio.create_task(group.run(listener))
        try:
            yield Mixed(group, listener, pool, node, stratum, solo, time, traffic, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@in_loop
async def test_a_node_takes_over_from_a_pool_gives_way_and_takes_over_again(
    tmp_path_factory,
) -> None:
    async with mixed(tmp_path_factory.mktemp("blocks"), node_first=False) as mine:
        await mine.at(mine.stratum, 60.0)
        assert not mine.node.calls, "a node behind a pool that works is asked nothing"
        for turn in (1, 2):
            works = mine.pool.script
            mine.pool.script = Script(close_on=Subscribe)
            mine.pool.hang_up()
            job, _ = await mine.at(mine.solo, 60.0)
            mine.group.submit(solve(job))
            assert await mine.listener.verdict(turn) is Verdict.ACCEPTED
            assert len(mine.node.submitted) == turn
            mine.pool.script = works
            _, seconds = await mine.at(mine.stratum, 150.0)
            assert seconds >= LIMITS.stable
            await mine.pass_time(lambda: not mine.group._members[1].runs, LIMITS.drain + 5.0)
        calls = mine.node.calls.total()
        await mine.pass_time(lambda mine=mine, end=mine.time.now + 30: mine.time.now >= end, 40.0)  # type: ignore[misc]
        assert mine.node.calls.total() == calls
        assert not mine.pool.submits, "no block of the node's goes to a pool"


@in_loop
async def test_a_pool_takes_over_from_a_node_that_fails_until_it_is_stable(
    tmp_path_factory,
) -> None:
    async with mixed(tmp_path_factory.mktemp("blocks"), node_first=True) as mine:
        await mine.at(mine.solo, 60.0)
        mine.node.raw = broken
        job, seconds = await mine.at(mine.stratum, 60.0)
        # Ten seconds without an answer, the look for that, and the pool's own handshake.
        assert LIMITS.first_job <= seconds <= LIMITS.first_job + 10.0
        mine.group.submit(any_share(job))
        assert await mine.listener.verdict() is Verdict.ACCEPTED
        assert len(mine.pool.submits) == 1
        assert not mine.node.submitted, "no share of the pool's goes to a node"
        mine.node.raw = None
        job, seconds = await mine.at(mine.solo, 150.0)
        assert seconds >= LIMITS.stable
        mine.group.submit(solve(job))
        assert await mine.listener.verdict(2) is Verdict.ACCEPTED


@in_loop
async def test_a_node_that_was_never_there_is_not_waited_for(tmp_path_factory) -> None:
    async with mixed(tmp_path_factory.mktemp("blocks"), node_first=True) as mine:
        mine.node.raw = broken
        _, seconds = await mine.at(mine.stratum, 60.0)
        assert seconds < LIMITS.first_job
        assert dict(mine.solo.status().faults)["no-node-answers"] >= 1


@in_loop
async def test_an_address_of_another_chain_is_named_and_the_pool_is_mined_on(
    tmp_path_factory,
) -> None:
    folder = tmp_path_factory.mktemp("blocks")
    async with mixed(folder, node_first=True, address=MAINNET_ADDRESS) as mine:
        await mine.at(mine.stratum, 60.0)
        said = [text for text, warning in mine.listener.notices if warning]
        assert any("gave up http://127.0.0.1" in text and "regtest" in text for text in said)
        assert "getblocktemplate" not in mine.node.calls


@in_loop
async def test_a_pool_and_a_node_take_turns_when_the_load_is_balanced(tmp_path_factory) -> None:
    async with mixed(tmp_path_factory.mktemp("blocks"), node_first=False, balance=True) as mine:
        await mine.at(mine.stratum, 60.0)
        await mine.at(mine.solo, LIMITS.slice + 10.0)
        await mine.at(mine.stratum, LIMITS.slice + 10.0)
        assert not [text for text, warning in mine.listener.notices if warning]
