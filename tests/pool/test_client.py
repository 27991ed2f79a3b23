"""StratumSource against a scripted pool on a loopback socket."""

import asyncio
import json
from typing import Any

import pytest

from stampmill.core.errors import ExitCode, NoPoolError, UsageError
from stampmill.core.job import RejectReason, ShareResult, Verdict
from stampmill.core.job_source import JobSource, SourceState
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.stratum.answers import PoolError
from stampmill.pool.stratum.messages import encode, encode_error, encode_result
from stampmill.pool.stratum.notifications import (
    GetVersion,
    Notify,
    SetDifficulty,
    ShowMessage,
)
from stampmill.pool.stratum.requests import (
    Authorize,
    Configure,
    ExtranonceSubscribe,
    Subscribe,
    SuggestDifficulty,
)
from stampmill.pool.trace import Direction

from .loopback import (
    JOB,
    ManualTime,
    Mining,
    Script,
    ScriptedPool,
    in_loop,
    mining,
    source_for,
)
from .upstream.sessions import any_share, found


def as_job_source(source: StratumSource) -> JobSource:
    return source  # mypy checks the protocol here


@in_loop
async def test_a_share_goes_from_the_job_to_the_pool_and_its_verdict_comes_back() -> None:
    async with mining(ScriptedPool()) as m:
        job = await m.listener.job()
        assert (job.clean, job.version_mask, job.difficulty) == (True, 0x1FFFE000, 0.5)
        assert job.sink is m.source
        share = found(job, ("00000001", "504e86ed", "b2957c02"), job.version | 0x2000)
        job.sink.submit(share)
        await m.listener.verdict()
        assert m.listener.results == [(share, ShareResult(Verdict.ACCEPTED, latency=0.0))]
        assert m.pool.submits[0].params() == [
            "slush.miner1", "bf", "00000001", "504e86ed", "b2957c02", "00002000",
        ]  # fmt: skip


@in_loop
async def test_a_reject_has_its_reason() -> None:
    refusal = PoolError(21, "Job not found")
    script = Script(on_submit=lambda message_id, _: encode_error(message_id, refusal))
    async with mining(ScriptedPool(script)) as m:
        m.source.submit(any_share(await m.listener.job()))
        await m.listener.verdict()
        assert m.listener.results[0][1] == ShareResult(
            Verdict.REJECTED, RejectReason.STALE, "Job not found", 0.0
        )


@in_loop
async def test_jobs_messages_and_difficulties_reach_the_listener() -> None:
    async with mining(ScriptedPool()) as m:
        await m.listener.job()
        second = Notify.from_params([*JOB.params()[:8], True])
        m.pool.say(encode(SetDifficulty(16.0)) + encode(ShowMessage("hello\x1b")) + encode(second))
        job = await m.listener.job(2)
        assert (job.clean, job.difficulty) == (True, 16.0)
        lines = [text for text, _ in m.listener.notices]
        assert lines[0] == "version rolling 1fffe000"
        assert f"connected to stratum+tcp://127.0.0.1:{m.pool.port} as slush.miner1" in lines
        assert lines[-2:] == ["share difficulty 16 from the next job on", "the pool says: hello "]


@in_loop
async def test_the_status_tells_how_things_stand() -> None:
    pool = ScriptedPool(Script(on_submit=lambda *_: b""))
    async with mining(pool) as m:
        source = as_job_source(m.source)
        job = await m.listener.job()
        source.submit(any_share(job))
        pool.say(b"rubbish\n" * 3 + encode(SetDifficulty(16.0)))
        await m.listener.until(lambda: source.status().difficulty == 16.0)
        status = source.status()
        assert status.state is SourceState.AUTHORIZED
        assert status.url == f"stratum+tcp://127.0.0.1:{pool.port}"
        assert (status.user, status.pending, status.reconnects) == ("slush.miner1", 1, 0)
        assert status.dropped == (("not-json", 3),)
        shown = [text for text, warning in m.listener.notices if warning]
        assert shown == ["ignored from the pool (not-json): not JSON: rubbish"]


@in_loop
async def test_a_trace_shows_every_line_but_no_password() -> None:
    lines: list[tuple[Direction, bytes]] = []
    async with mining(ScriptedPool(), trace=lambda *line: lines.append(line)) as m:
        m.source.submit(any_share(await m.listener.job()))
        await m.listener.verdict()
    sent = [json.loads(line) for way, line in lines if way is Direction.SENT]
    assert [line["method"] for line in sent] == [
        "mining.configure", "mining.subscribe", "mining.authorize", "mining.submit",
    ]  # fmt: skip
    assert sent[2]["params"] == ["slush.miner1", "***"]
    received = [json.loads(line) for way, line in lines if way is Direction.RECEIVED]
    assert received[-1] == {"id": 4, "result": True, "error": None}
    assert not any(b"secret" in line for _, line in lines)


@in_loop
async def test_the_dialect_of_a_pool_reaches_the_wire() -> None:
    async with mining(
        ScriptedPool(), send_difference=True, extranonce_subscribe=True, minimum_difficulty=0.25
    ) as m:
        job = await m.listener.job()
        share = found(job, ("00000001", "504e86ed", "b2957c02"), job.version | 0x2000)
        job.sink.submit(share)
        await m.listener.verdict()
        (configure,) = m.pool.asked(Configure)
        assert configure.minimum_difficulty == 0.25
        assert configure.info == (("sw-version", "miner/1.0"),)
        assert m.pool.asked(ExtranonceSubscribe) == [ExtranonceSubscribe()]
        assert m.pool.submits[0].version_bits == 0x2000


@in_loop
async def test_cancelling_loses_open_shares_once_and_warns_of_nothing() -> None:
    pool = ScriptedPool(Script(on_submit=lambda *_: b""))
    async with mining(pool) as m:
        share = any_share(await m.listener.job())
        m.source.submit(share)
        m.task.cancel()
        await asyncio.gather(m.task, return_exceptions=True)
        assert m.listener.results == [(share, ShareResult(Verdict.LOST, text="stopped"))]
        assert m.listener.no_job == []
        assert m.source.status().state is SourceState.DISCONNECTED
        m.source.submit(share)
        assert m.listener.verdicts == [Verdict.LOST] * 2


# Draining.


@in_loop
async def test_draining_waits_for_open_shares() -> None:
    answers: list[bytes] = []

    def later(message_id: Any, _: object) -> bytes:
        answers.append(encode_result(message_id, True))
        return b""

    pool = ScriptedPool(Script(on_submit=later))
    async with mining(pool) as m:
        m.source.submit(any_share(await m.listener.job()))
        drained = asyncio.create_task(m.source.drain(2.0))
        await pool.until(lambda: len(pool.submits) == 1)
        assert not drained.done()
        pool.say(answers[0])
        await drained
        assert m.listener.verdicts == [Verdict.ACCEPTED]


@in_loop
async def test_draining_gives_up_after_its_time_and_loses_the_rest() -> None:
    async with mining(ScriptedPool(Script(on_submit=lambda *_: b""))) as m:
        m.source.submit(any_share(await m.listener.job()))
        drained = asyncio.create_task(m.source.drain(2.0))
        await m.time.until_asleep_for(2.0)
        await m.time.advance(1.9)
        assert not drained.done()
        await m.time.advance(0.1)
        await drained
        assert m.listener.results[0][1] == ShareResult(
            Verdict.LOST, text="not answered before the end"
        )


@in_loop
async def test_draining_without_open_shares_or_connection_returns_at_once() -> None:
    async with mining(ScriptedPool()) as m:
        await m.source.drain(2.0)
        await m.listener.job()
        await m.source.drain(2.0)


# Giving up.


async def failure(m: Mining) -> NoPoolError:
    with pytest.raises(NoPoolError) as caught:
        await m.ended()
    return caught.value


@in_loop
async def test_a_closed_port_is_dialled_as_often_as_allowed_and_then_named() -> None:
    async with mining(ScriptedPool()) as m:
        port = m.pool.port
    async with mining(ScriptedPool(), retries=1) as m:
        source = source_for(port, m.time, retries=3)
        task = asyncio.create_task(source.run(m.listener))
        for pause in (1.5, 3.0):
            assert await m.time.until_asleep_for(1.5) == pause
            await m.time.advance(pause)
        with pytest.raises(NoPoolError) as caught:
            await task
        url = f"stratum+tcp://127.0.0.1:{port}"
        assert str(caught.value) == (
            f"no pool at {url} after 3 attempts in a row: connection refused"
        )
        assert caught.value.exit_code is ExitCode.NO_POOL


@in_loop
async def test_a_refused_user_is_named_and_the_pool_tried_again_after_minutes() -> None:
    async with mining(ScriptedPool(Script(authorizes=False)), retries=2) as m:
        pause = await m.time.until_asleep_for(5.0)
        assert pause == 180.0
        await m.time.advance(pause)
        error = await failure(m)
        assert str(error).endswith(
            "after 2 attempts in a row: authorization refused for user slush.miner1"
        )
        assert m.listener.jobs == []


@pytest.mark.parametrize(
    ("silent_on", "what"), [(Subscribe, "subscribe"), (Authorize, "authorize")]
)
@in_loop
async def test_a_silent_pool_is_left_after_30_seconds(silent_on: type, what: str) -> None:
    async with mining(ScriptedPool(Script(silent_on=silent_on)), retries=1) as m:
        await m.pool.until(lambda: bool(m.pool.asked(silent_on)))
        await m.time.advance(29.0)
        assert not m.task.done()
        await m.time.advance(2.0)
        assert f"1 attempt: no answer to {what} within 30 s" in str(await failure(m))


@in_loop
async def test_a_pool_that_hangs_up_in_the_handshake_is_named() -> None:
    async with mining(ScriptedPool(Script(close_on=Subscribe)), retries=1) as m:
        words = "connection closed by the pool before it let us in"
        assert str(await failure(m)).endswith(words)


# What the user may get wrong.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (PoolSettings("http://pool:1", "u"), "web address"),
        (PoolSettings("pool:1", "u" * 2000), "is too long"),
        (PoolSettings("pool:1", "u", "p" * 2000), "with its password is too long"),
        (PoolSettings("pool:1", "u\udc80"), "is not valid text"),
    ],
)
def test_settings_that_no_pool_could_take_are_usage_errors(
    settings: PoolSettings, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        StratumSource(settings, RetryPolicy(), user_agent="m")
    assert "ppp" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "user", "password"),
    [
        (PoolSettings("bob:pw@pool:1"), "bob", "pw"),
        (PoolSettings("bob:pw@pool:1", "ann"), "ann", "pw"),
        (PoolSettings("bob:pw@pool:1", "ann", "d=1"), "ann", "d=1"),
        (PoolSettings("bob@pool:1"), "bob", "x"),
        (PoolSettings("pool:1"), "", "x"),
    ],
)
def test_what_is_set_apart_goes_before_what_stands_in_the_url(
    settings: PoolSettings, user: str, password: str
) -> None:
    source = StratumSource(settings, RetryPolicy(), user_agent="m")
    assert (source._plan.user, source._plan.password) == (user, password)
    assert source.status().user == user
    assert "pw" not in source.status().url


@in_loop
async def test_the_server_may_ask_for_our_version() -> None:
    async with mining(ScriptedPool()) as m:
        await m.listener.job()
        m.pool.say(encode(GetVersion(), 7))
        m.source.submit(any_share(m.listener.jobs[0]))
        await m.listener.verdict()
        assert [(answer.id, answer.result) for answer in m.pool.answers] == [(7, "miner/1.0")]


@in_loop
async def test_a_wish_for_another_difficulty_is_told_at_once_and_to_later_connections() -> None:
    understands = Script(on_other=lambda message_id, _: encode_result(message_id, True))
    async with mining(ScriptedPool(understands)) as m:
        await m.listener.job()
        m.source.wish(16.0, None)
        await m.pool.until(lambda: m.pool.asked(SuggestDifficulty) == [SuggestDifficulty(16.0)])
        m.pool.hang_up()
        await m.time.advance(await m.time.until_asleep_for(1.1))
        await m.pool.until(lambda: m.pool.asked(SuggestDifficulty) == [SuggestDifficulty(16.0)] * 2)


def test_a_wish_before_the_first_connection_is_kept() -> None:
    source = source_for(1, ManualTime())
    source.wish(4.0, 2.0)
    assert source.status().difficulty is None
