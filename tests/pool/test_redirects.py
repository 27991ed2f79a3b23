"""`client.reconnect` in earnest: two hosts on loopback, each rule, and what it costs nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stampmill.core.errors import UsageError
from stampmill.pool.egress import Egress
from stampmill.pool.stratum.answers import SubscribeResult
from stampmill.pool.stratum.messages import encode, encode_result
from stampmill.pool.stratum.notifications import Reconnect
from stampmill.pool.stratum.requests import Authorize

from .loopback import (
    PATIENCE,
    ManualTime,
    Mining,
    Recorder,
    ScriptedPool,
    in_loop,
    mining,
    serving,
    source_for,
)
from .transport.proxies import scripted
from .upstream.sessions import any_share

ELSEWHERE = "127.0.0.2"


@asynccontextmanager
async def redirected(host: str, **options: Any) -> AsyncIterator[tuple[Mining, ScriptedPool]]:
    """Mine at 127.0.0.1 and have the pool ask for another host, where another pool listens."""
    pool, other = ScriptedPool(), ScriptedPool()
    async with serving(other, host=ELSEWHERE), mining(pool, **options) as m:
        await m.listener.job()
        pool.say(encode(Reconnect(host, other.port, 1.0)))
        yield m, other


@in_loop
async def test_a_listed_host_gets_the_work_until_the_line_is_lost() -> None:
    listed = {"redirect": "listed", "redirect_hosts": (ELSEWHERE,)}
    async with redirected(ELSEWHERE, **listed) as (m, other):
        await m.time.until_asleep(1.5)
        await m.time.advance(1.5)
        await m.listener.job(2)
        assert other.asked(Authorize) == [Authorize("slush.miner1", "secret")]
        other.hang_up()
        await m.time.until_asleep_for(1.1)
        await m.time.advance(3.0)
        await m.listener.job(3)
        assert (m.pool.connections, other.connections) == (2, 1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"redirect": "never"},
        {"redirect": "never", "redirect_hosts": (ELSEWHERE,)},
        {"redirect_hosts": (ELSEWHERE,)},
        {"redirect": "listed"},
        {"redirect": "listed", "redirect_hosts": ("127.0.0.20", "27.0.0.2")},
    ],
    ids=str,
)
@in_loop
async def test_no_other_rule_leads_there_and_mining_goes_on(options: dict[str, Any]) -> None:
    async with redirected(ELSEWHERE, **options) as (m, other):
        m.source.submit(any_share(m.listener.jobs[0]))
        await m.listener.verdict()
        assert dict(m.source.status().dropped)["redirect-refused"] == 1
        assert (m.pool.connections, other.connections) == (1, 0)
        assert m.listener.no_job == []


@in_loop
async def test_never_refuses_the_same_host_too() -> None:
    async with redirected("127.0.0.1", redirect="never") as (m, other):
        m.source.submit(any_share(m.listener.jobs[0]))
        await m.listener.verdict()
        assert dict(m.source.status().dropped)["redirect-refused"] == 1
        assert (m.pool.connections, other.connections) == (1, 0)


def test_a_listed_host_outside_the_allow_list_is_a_wrong_call() -> None:
    listed = {"redirect": "listed", "redirect_hosts": (ELSEWHERE,)}
    egress = Egress(["127.0.0.1"])
    with pytest.raises(UsageError, match=r"127.0.0.2 is not among .* add egress 127.0.0.2"):
        source_for(1, ManualTime(), egress=egress, **listed)


@in_loop
async def test_a_redirect_never_leaves_the_proxy() -> None:
    answers = (
        encode_result(2, SubscribeResult(bytes(4), 4).to_json())
        + encode_result(3, True)
        + encode(Reconnect("pool.example", 4444, 0.0))
    )
    async with scripted(b"HTTP/1.1 200 OK\r\n\r\n", answers) as proxy:
        time = ManualTime()
        # A name that no resolver knows: only the proxy could lead there.
        source = source_for(
            0, time, url="pool.example:3333", proxy=f"http://127.0.0.1:{proxy.port}"
        )
        task = asyncio.create_task(source.run(Recorder()))
        try:
            async with asyncio.timeout(PATIENCE):
                while len(proxy.received) < 3:
                    await time.advance(0.5)
                    await asyncio.sleep(0.005)  # sockets have a time of their own
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    first, _, second = proxy.received
    assert first.startswith(b"CONNECT pool.example:3333 ")
    assert second.startswith(b"CONNECT pool.example:4444 ")
