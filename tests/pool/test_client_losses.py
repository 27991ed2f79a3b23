"""StratumSource when the pool goes away, sends us away, or does not read."""

import asyncio
import socket

import pytest

from stampmill.core.errors import NoPoolError
from stampmill.core.job import ShareResult, Verdict
from stampmill.pool.stratum.answers import PoolError
from stampmill.pool.stratum.messages import encode, encode_error
from stampmill.pool.stratum.notifications import Ping, Reconnect, SetDifficulty
from stampmill.pool.stratum.requests import (
    Authorize,
    Configure,
    Submit,
    Subscribe,
    SuggestDifficulty,
)

from .loopback import Mining, Script, ScriptedPool, in_loop, mining, serving
from .upstream.sessions import any_share


async def pause(m: Mining) -> float:
    """Let the pause between two attempts pass, and return its length."""
    length = await m.time.until_asleep_for(1.1)
    await m.time.advance(length)
    return length


@pytest.mark.parametrize("close_on", [Configure, Subscribe, Authorize])
@in_loop
async def test_a_pool_that_hangs_up_in_the_handshake_is_dialled_again(close_on: type) -> None:
    pool = ScriptedPool(Script(close_on=close_on))
    async with mining(pool) as m:
        await m.time.until_asleep_for(1.1)
        pool.script = Script()
        assert await pause(m) == 1.5
        await m.listener.until(lambda: bool(m.listener.jobs))
        await m.listener.until(lambda: m.listener.jobs[-1].version_mask == 0x1FFFE000)
        assert m.source.status().reconnects == 1
        assert m.listener.no_job == []


@in_loop
async def test_a_pool_that_hangs_up_on_a_share_loses_it_once_and_gives_new_work() -> None:
    pool = ScriptedPool(Script(close_on=Submit))
    async with mining(pool) as m:
        first = any_share(await m.listener.job())
        m.source.submit(first)
        await m.listener.until(lambda: bool(m.listener.no_job))
        m.source.submit(first)
        await pause(m)
        await m.listener.job(2)
        assert [result for _, result in m.listener.results] == [
            ShareResult(Verdict.LOST, text="connection closed by the pool"),
            ShareResult(Verdict.LOST, text="no connection to send it on"),
        ]
        assert m.listener.no_job == ["connection closed by the pool"]
        warnings = [text for text, warning in m.listener.notices if warning]
        assert warnings == ["connection closed by the pool; connecting again in 2 s"]


@in_loop
async def test_a_share_for_an_earlier_connection_is_lost_unless_it_was_resumed() -> None:
    pool = ScriptedPool(Script(session_id=None))
    async with mining(pool) as m:
        old = any_share(await m.listener.job())
        pool.hang_up()
        await pause(m)
        await m.listener.job(2)
        m.source.submit(old)
        assert m.listener.results[0][1].text == "found for an earlier connection"


@in_loop
async def test_a_resumed_session_takes_shares_of_the_connection_before() -> None:
    pool = ScriptedPool()
    async with mining(pool) as m:
        old = any_share(await m.listener.job())
        pool.hang_up()
        await pause(m)
        await m.listener.job(2)
        assert [request.session_id for request in pool.asked(Subscribe)] == [None, "5e55"]
        m.source.submit(old)
        await m.listener.verdict()
        assert m.listener.verdicts == [Verdict.ACCEPTED]


@in_loop
async def test_an_accepted_share_makes_a_pool_proven_and_failures_start_anew() -> None:
    pool = ScriptedPool()
    async with mining(pool, retries=2) as m:
        for count in range(1, 4):
            m.source.submit(any_share(await m.listener.job(count)))
            await m.listener.verdict(count)
            pool.hang_up()
            assert await pause(m) == 1.5


@in_loop
async def test_a_minute_of_life_makes_a_pool_proven() -> None:
    pool = ScriptedPool()
    async with mining(pool, retries=1) as m:
        for count in range(1, 3):
            await m.listener.job(count)
            await m.time.advance(60.0)
            pool.hang_up()
            assert await pause(m) == 1.5


@in_loop
async def test_a_pool_that_falls_silent_is_left_after_150_seconds() -> None:
    pool = ScriptedPool()
    async with mining(pool) as m:
        await m.listener.job()
        await m.time.advance(149.0)
        assert m.listener.no_job == []
        await m.time.advance(1.0)
        assert m.listener.no_job == ["the pool sent nothing for 150 s"]
        await pause(m)
        await m.listener.job(2)


@in_loop
async def test_a_share_without_an_answer_is_unanswered_after_two_minutes() -> None:
    pool = ScriptedPool(Script(on_submit=lambda *_: b""))
    async with mining(pool) as m:
        m.source.submit(any_share(await m.listener.job()))
        await m.time.advance(121.0)
        assert m.listener.verdicts == [Verdict.UNANSWERED]


# Optional requests that a pool does not survive.


@in_loop
async def test_a_suggestion_that_a_pool_hangs_up_on_is_made_once() -> None:
    pool = ScriptedPool(Script(close_on=SuggestDifficulty))
    async with mining(pool, suggest_difficulty=4.0) as m:
        await m.listener.job()
        await m.listener.until(lambda: len(m.listener.no_job) == 1)
        await pause(m)
        await m.listener.job(2)
        m.source.submit(any_share(m.listener.jobs[1]))
        await m.listener.verdict()
        assert len(pool.asked(SuggestDifficulty)) == 1


@in_loop
async def test_a_configure_that_a_pool_hangs_up_on_twice_is_made_no_more() -> None:
    pool = ScriptedPool(Script(close_on=Configure))
    async with mining(pool) as m:
        await pause(m)
        await m.listener.until(lambda: len(m.listener.no_job) == 1)
        assert len(pool.asked(Configure)) == 2
        await pause(m)
        job = await m.listener.job(2)
        m.source.submit(any_share(job))
        await m.listener.verdict()
        assert job.version_mask == 0
        assert len(pool.asked(Configure)) == 2
        assert pool.submits[0].version_bits is None


# Redirects.


@in_loop
async def test_a_redirect_to_another_port_of_the_host_is_followed_once() -> None:
    pool, other = ScriptedPool(), ScriptedPool()
    async with serving(other), mining(pool) as m:
        await m.listener.job()
        pool.say(encode(Reconnect("127.0.0.1", other.port, 5.0)))
        assert await pause(m) == 5.5
        await m.listener.job(2)
        assert (pool.connections, other.connections) == (1, 1)
        other.hang_up()
        await pause(m)
        await m.listener.job(3)
        assert (pool.connections, other.connections) == (2, 1)


@in_loop
async def test_open_shares_drain_on_the_old_connection_before_a_redirect() -> None:
    pool = ScriptedPool(Script(on_submit=lambda *_: encode(Reconnect())))
    async with mining(pool) as m:
        m.source.submit(any_share(await m.listener.job()))
        await m.time.until_asleep_for(2.0)
        m.source.submit(any_share(m.listener.jobs[0], 1))
        await pool.until(lambda: len(pool.submits) == 2)
        assert m.listener.results == []
        await m.time.advance(2.0)
        await m.listener.until(lambda: len(m.listener.results) == 2)
        text = "the pool asked us to connect again"
        assert m.listener.results[0][1] == ShareResult(Verdict.LOST, text=text)


@in_loop
async def test_a_redirect_elsewhere_is_refused_counted_and_shown() -> None:
    pool = ScriptedPool()
    async with mining(pool) as m:
        job = await m.listener.job()
        pool.say(encode(Reconnect("evil.example", 3333)) * 2)
        m.source.submit(any_share(job))
        await m.listener.verdict()
        assert m.source.status().dropped == (("redirect-refused", 2),)
        shown = [text for text, warning in m.listener.notices if warning]
        assert (
            shown
            == [
                "ignored from the pool (redirect-refused): redirect to another host, 'evil.example'"
            ]
            * 2
        )
        assert pool.connections == 1


@in_loop
async def test_a_flood_of_difficulties_does_not_hide_a_refused_redirect() -> None:
    pool = ScriptedPool()
    async with mining(pool) as m:
        job = await m.listener.job()
        flood = b"".join(encode(SetDifficulty(1.0 + number)) for number in range(100))
        pool.say(flood + encode(Reconnect("evil.example")) * 100)
        m.source.submit(any_share(job))
        await m.listener.verdict()
        kinds = [warning for _, warning in m.listener.notices]
        assert kinds.count(True) == 10
        assert kinds.count(False) <= 11
        assert m.source.status().dropped == (("redirect-refused", 100),)


# A pool that does not read.


@in_loop
async def test_shares_to_a_pool_that_does_not_read_are_bounded_and_lost_by_name() -> None:
    async with mining(ScriptedPool(Script(on_submit=lambda *_: b""))) as m:
        job = await m.listener.job()
        for number in range(1005):
            m.source.submit(any_share(job, number))
        assert m.source.status().pending == 1000
        assert [result for _, result in m.listener.results] == [
            ShareResult(Verdict.LOST, text="too many shares without an answer")
        ] * 5


@in_loop
async def test_a_pool_that_asks_for_ever_and_never_reads_is_left() -> None:
    async with mining(ScriptedPool(), retries=1) as m:
        await m.listener.job()
        assert m.source._connection is not None
        shrink_buffer(m.source._connection._transport, socket.SO_SNDBUF)
        shrink_buffer(m.pool.transports[0], socket.SO_RCVBUF)
        m.pool.transports[0].pause_reading()
        m.pool.say(encode(Ping(), 1) * 50_000)
        with pytest.raises(NoPoolError, match="the pool does not read what we send"):
            await m.ended()


def shrink_buffer(transport: asyncio.Transport | None, option: int) -> None:
    """Keep the kernel from taking megabytes before anybody notices."""
    assert transport is not None
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, 4096)


@in_loop
async def test_a_share_refused_for_its_worker_makes_us_authorize_again() -> None:
    refusal = PoolError(24, "Unauthorized worker")
    pool = ScriptedPool(Script(on_submit=lambda number, _: encode_error(number, refusal)))
    async with mining(pool) as m:
        m.source.submit(any_share(await m.listener.job()))
        await pool.until(lambda: len(pool.asked(Authorize)) == 2)
        assert m.listener.verdicts == [Verdict.REJECTED]
