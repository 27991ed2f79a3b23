"""How long a source stays at a pool that is dead in each of the ways in which pools die.

The times are by the source's own clock, which the tests move; the limits are those of a run
without options. What a half-open line costs by the system's clocks is in transport/test_connect.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stampmill.core.errors import NoPoolError
from stampmill.core.job import Verdict
from stampmill.core.settings import PoolSettings, RetryPolicy, Timeouts
from stampmill.pool.client import StratumSource
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.group.choice import Failover
from stampmill.pool.group.source import PoolGroup
from stampmill.pool.transport.pins import pins_of

from .loopback import (
    ManualTime,
    Recorder,
    Script,
    ScriptedPool,
    in_loop,
    mining,
    serving,
    source_for,
)
from .transport.certificates import served
from .transport.peers import listening
from .transport.test_connect import black_hole
from .upstream.sessions import any_share

STEP = 0.5
PIN = "cert:" + "00" * 32


@asynccontextmanager
async def dialling(
    url: str, timeouts: Timeouts | None = None, **settings: object
) -> AsyncIterator[tuple[StratumSource, ManualTime, "asyncio.Task[None]"]]:
    """Run a source that gives up after its first attempt."""
    time = ManualTime()
    source = StratumSource(
        PoolSettings(url, "me", **settings), RetryPolicy(1), user_agent="m", clock=time.clock,
        sleep=time.sleep, random=lambda: 0.0, timeouts=timeouts or Timeouts(),
    )  # fmt: skip
    task = asyncio.create_task(source.run(Recorder()))
    try:
        yield source, time, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def time_to_leave(time: ManualTime, task: "asyncio.Task[None]") -> tuple[float, str]:
    """Return the seconds until the source gave up, and its words."""
    begun = time.now
    while not task.done():
        await time.advance(STEP)
        await asyncio.wait([task], timeout=0.001)
    with pytest.raises(NoPoolError) as caught:
        task.result()
    return time.now - begun, str(caught.value)


@in_loop
async def test_a_closed_port_is_left_at_once() -> None:
    async with listening() as peer:
        port = peer.port
    async with dialling(f"127.0.0.1:{port}") as (source, time, task):
        with pytest.raises(NoPoolError, match="connection refused"):
            await task
        assert time.now == 1000.0
        assert source.status().faults == (("unreachable", 1),)


@pytest.mark.parametrize(("timeouts", "seconds"), [(Timeouts(), 15.0), (Timeouts(connect=3.0), 3)])
@in_loop
async def test_a_black_hole_is_left_after_the_connect_timeout(
    timeouts: Timeouts, seconds: float
) -> None:
    with black_hole() as there:
        async with dialling(f"{there.host}:{there.port}", timeouts) as (source, time, task):
            await time.until_asleep(seconds)
            left, words = await time_to_leave(time, task)
            assert seconds <= left <= seconds + STEP
            assert f"no connection within {seconds:.0f} s" in words
            assert source.status().faults == (("connect-timed-out", 1),)


@in_loop
async def test_a_stalled_tls_handshake_is_left_after_the_connect_timeout() -> None:
    async with (
        listening() as peer,
        dialling(f"stratum+ssl://127.0.0.1:{peer.port}") as (source, time, task),
    ):
        await peer.until(lambda: peer.received[:1] == b"\x16")
        left, words = await time_to_leave(time, task)
        assert 15.0 <= left <= 15.0 + STEP
        assert "no TLS handshake within 15 s" in words
        assert source.status().faults == (("tls-timed-out", 1),)


@pytest.mark.parametrize(("timeouts", "seconds"), [(Timeouts(), 30.0), (Timeouts(answer=4.0), 4)])
@in_loop
async def test_a_pool_that_accepts_and_says_nothing_is_left_after_the_answer_timeout(
    timeouts: Timeouts, seconds: float
) -> None:
    async with (
        listening() as peer,
        dialling(f"127.0.0.1:{peer.port}", timeouts) as (source, time, task),
    ):
        await peer.until(lambda: b"mining.subscribe" in peer.received)
        left, words = await time_to_leave(time, task)
        assert seconds <= left <= seconds + 1 + STEP
        assert f"no answer to subscribe within {seconds:.0f} s" in words
        assert source.status().faults == (("subscribe-unanswered", 1),)


@pytest.mark.parametrize(("timeouts", "seconds"), [(Timeouts(), 150.0), (Timeouts(silence=20), 20)])
@in_loop
async def test_a_pool_that_falls_silent_is_left_after_the_silence_timeout(
    timeouts: Timeouts, seconds: float
) -> None:
    async with mining(ScriptedPool(), timeouts=timeouts) as m:
        await m.listener.job()
        begun = m.time.now
        while not m.listener.no_job:
            await m.time.advance(STEP)
        assert seconds <= m.time.now - begun <= seconds + 1 + STEP
        assert m.listener.no_job == [f"the pool sent nothing for {seconds:.0f} s"]
        await m.time.until_asleep_for(1.1)
        assert m.source.status().faults == (("silent", 1),)


@in_loop
async def test_a_share_on_a_half_open_line_is_lost_by_name_when_the_line_is_left() -> None:
    async with mining(ScriptedPool(Script(on_submit=lambda *_: b""))) as m:
        m.source.submit(any_share(await m.listener.job()))
        while not m.listener.results:
            await m.time.advance(STEP)
        assert m.listener.verdicts == [Verdict.UNANSWERED]
        assert 1119 <= m.time.now <= 1122


@in_loop
async def test_shares_are_mined_over_tls() -> None:
    peer_is = served()
    pin = str(pins_of(peer_is.der)[1])
    async with mining(ScriptedPool(), peer_is.context, tls_pins=(pin,)) as m:
        m.source.submit(any_share(await m.listener.job()))
        assert await m.listener.verdict() is Verdict.ACCEPTED
        assert m.source.status().url == f"stratum+ssl://127.0.0.1:{m.pool.port}"
        m.pool.hang_up()
        await m.listener.until(lambda: bool(m.listener.no_job))
        assert m.listener.no_job == ["connection closed by the pool"]


@in_loop
async def test_a_pool_with_another_pin_hears_nothing_of_us() -> None:
    async with mining(ScriptedPool(), served().context, retries=1, tls_pins=(PIN,)) as m:
        with pytest.raises(NoPoolError, match="the pool shows cert:.* which no pin"):
            await m.ended()
        assert m.pool.requests == []
        assert m.source.status().faults == (("pin-mismatch", 1),)


@in_loop
async def test_behind_a_pool_with_another_pin_the_next_one_is_mined_at() -> None:
    good, impostor = ScriptedPool(), ScriptedPool()
    time, listener = ManualTime(), Recorder()
    async with serving(impostor, served().context), serving(good):
        url = f"stratum+ssl://127.0.0.1:{impostor.port}"
        group = PoolGroup(
            [source_for(0, time, url=url, tls_pins=(PIN,)), source_for(good.port, time)],
            Failover(), clock=time.clock, sleep=time.sleep,
        )  # fmt: skip
        task = asyncio.create_task(group.run(listener))
        async with asyncio.timeout(10):
            while not listener.jobs:
                await time.advance(STEP)
                await asyncio.wait([task], timeout=0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert impostor.requests == []
    assert time.now < 1000 + 20
    assert any("which no pin (tls-pin) allows" in text for text, _ in listener.notices)


@in_loop
async def test_a_pool_that_is_not_verified_is_warned_of() -> None:
    async with mining(ScriptedPool(), served("x").context, tls_insecure=True) as m:
        await m.listener.job()
        warnings = [text for text, warning in m.listener.notices if warning]
        assert len(warnings) == 1
        assert "is not verified (tls-insecure)" in warnings[0]


@in_loop
async def test_a_redirect_never_leaves_tls() -> None:
    peer_is = served()
    pool = ScriptedPool()
    pins = (str(pins_of(peer_is.der)[0]),)
    async with listening() as plain, mining(pool, peer_is.context, tls_pins=pins) as m:
        await m.listener.job()
        pool.say(b'{"id":null,"method":"client.reconnect","params":["",%d,0]}\n' % plain.port)
        await m.listener.until(lambda: len(m.listener.no_job) == 1)
        await m.time.until_asleep(0.5)
        await m.time.advance(1.0)
        await plain.until(lambda: plain.received[:1] == b"\x16")
        await m.time.advance(16.0)
        await m.listener.until(lambda: len(m.source.status().faults) == 2)
        assert b"mining." not in plain.received
        assert m.source.status().faults == (("redirected", 1), ("tls-timed-out", 1))


def test_the_endpoint_of_a_tls_pool_says_so() -> None:
    assert str(Endpoint("pool.example", 443, tls=True)) == "stratum+ssl://pool.example:443"
