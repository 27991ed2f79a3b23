"""How long a dead pool of each kind keeps a group from mining at the next one.

The page about pools (pool/README.md) quotes these figures.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stampmill.core.job import Job
from stampmill.core.settings import PoolSettings, RetryPolicy, Timeouts
from stampmill.pool.client import StratumSource
from stampmill.pool.group.choice import Failover
from stampmill.pool.group.source import PoolGroup
from tests.pool.loopback import PATIENCE, ManualTime, Recorder, ScriptedPool, in_loop, serving
from tests.pool.transport.certificates import served
from tests.pool.transport.peers import fall_silent, listening, needs_half_open_lines
from tests.pool.transport.test_connect import black_hole

STEP = 0.5


class Waiting:
    """A group of a dead pool and a good one, on a clock that the test moves."""

    def __init__(self, dead: str, good: str, **said: Any) -> None:
        self.time, self.listener = ManualTime(), Recorder()
        self.sources = [
            StratumSource(
                PoolSettings(url, "me", **more), RetryPolicy(), user_agent="m",
                clock=self.time.clock, sleep=self.time.sleep, random=lambda: 0.0,
            )
            for url, more in ((dead, said), (good, {}))
        ]  # fmt: skip
        self.group = PoolGroup(
            self.sources, Failover(), clock=self.time.clock, sleep=self.time.sleep
        )
        self.begun = self.time.now

    async def seconds_until(self, place: int) -> float:
        """Return the seconds that pass until a pool is mined on."""
        jobs: list[Job] = self.listener.jobs
        async with asyncio.timeout(PATIENCE):
            while not jobs or jobs[-1].sink is not self.sources[place]:
                await self.time.advance(STEP)
                await asyncio.sleep(0.002)
        return self.time.now - self.begun


@asynccontextmanager
async def mining(dead: str, **said: Any) -> AsyncIterator[Waiting]:
    async with serving(ScriptedPool()) as good:
        rig = Waiting(dead, f"127.0.0.1:{good.port}", **said)
        task = asyncio.create_task(rig.group.run(rig.listener))
        try:
            yield rig
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@in_loop
async def test_a_closed_port_costs_a_second() -> None:
    async with listening() as peer:
        port = peer.port
    async with mining(f"127.0.0.1:{port}") as rig:
        # A look every second; the sockets, which have a time of their own, cost some steps more.
        assert await rig.seconds_until(1) <= 1.0 + 4 * STEP


@in_loop
async def test_a_black_hole_costs_ten_seconds() -> None:
    with black_hole() as there:
        async with mining(f"{there.host}:{there.port}") as rig:
            assert 10.0 <= await rig.seconds_until(1) <= 11.0 + 2 * STEP


@pytest.mark.parametrize("scheme", ["stratum+ssl", "stratum+tcp"])
@in_loop
async def test_a_pool_that_says_nothing_costs_ten_seconds_with_tls_or_without(scheme: str) -> None:
    async with listening() as peer, mining(f"{scheme}://127.0.0.1:{peer.port}") as rig:
        assert 10.0 <= await rig.seconds_until(1) <= 11.0 + 2 * STEP


@in_loop
async def test_a_pool_with_another_pin_costs_a_second() -> None:
    pin = "spki:" + "00" * 32
    async with serving(ScriptedPool(), served().context) as there:
        url = f"stratum+ssl://127.0.0.1:{there.port}"
        async with mining(url, tls_pins=(pin,)) as rig:
            assert await rig.seconds_until(1) <= 1.0 + 4 * STEP
            assert not there.requests
            assert ("pin-mismatch", 1) in rig.sources[0].status().faults


@in_loop
async def test_a_pool_that_falls_silent_costs_two_and_a_half_minutes() -> None:
    async with serving(ScriptedPool()) as dead, mining(f"127.0.0.1:{dead.port}") as rig:
        await rig.seconds_until(0)
        rig.begun = rig.time.now
        assert 149.0 <= await rig.seconds_until(1) <= 151.0 + 2 * STEP


@needs_half_open_lines
@in_loop
async def test_a_half_open_line_costs_twice_the_keep_alive() -> None:
    """Waits in earnest, as these are the system's clocks; so the shortest that it can do."""
    async with serving(ScriptedPool()) as dead, serving(ScriptedPool()) as good:
        sources = [
            StratumSource(
                PoolSettings(f"127.0.0.1:{there.port}", "me"), RetryPolicy(), user_agent="m",
                timeouts=Timeouts(keep_alive=1, unacknowledged=2),
            )
            for there in (dead, good)
        ]  # fmt: skip
        group, listener = PoolGroup(sources, Failover()), Recorder()
        task = asyncio.create_task(group.run(listener))
        try:
            await listener.job()
            fall_silent(dead.transports[0])
            begun = time.monotonic()
            await listener.until(lambda: listener.jobs[-1].sink is sources[1])
            # Two seconds, one until the group looks, and what a busy machine adds: far from the 150
            # of a pool that says nothing.
            assert 1.5 <= time.monotonic() - begun <= 30.0
            assert sources[0].status().faults == (("peer-closed", 1),)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@in_loop
async def test_the_way_back_takes_a_minute_from_the_first_job() -> None:
    async with serving(ScriptedPool()) as first, mining(f"127.0.0.1:{first.port}") as rig:
        await rig.seconds_until(0)
        first.hang_up()
        await rig.listener.until(lambda: rig.listener.jobs[-1].sink is rig.sources[1])
        rig.begun = rig.time.now
        # A second's pause before it is dialled again, then a minute of being stable.
        assert 60.0 <= await rig.seconds_until(0) <= 62.0 + 2 * STEP
