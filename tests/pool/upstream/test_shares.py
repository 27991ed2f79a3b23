import json
from dataclasses import replace
from typing import Any

import pytest

from stampmill.core.job import Job, RejectReason, Share, ShareResult, Verdict
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.upstream.events import (
    ClientEvent,
    ClientState,
    EndCause,
    Ended,
    ShareAnswered,
)
from stampmill.pool.upstream.plan import ClientLimits, ClientPlan, ResumePoint
from stampmill.pool.upstream.protocol import ClientProtocol

from .sessions import (
    AUTHORIZED,
    HANDSHAKE,
    NOTIFY,
    PLAN,
    SUBSCRIBED,
    answer,
    any_share,
    changed_notify,
    fates,
    found,
    notification,
    only_job,
    opened,
    started,
)


def mining(
    plan: ClientPlan = PLAN, limits: ClientLimits | None = None
) -> tuple[ClientProtocol, Job]:
    """Return a session with a job, at time 1000."""
    protocol = opened(plan, limits)
    return protocol, only_job(protocol.feed(NOTIFY, 1000.0))


def sent_id(protocol: ClientProtocol) -> int:
    number = json.loads(protocol.data_to_send())["id"]
    assert isinstance(number, int)
    return number


def submitted(protocol: ClientProtocol, job: Job, number: int = 0, now: float = 1001.0) -> int:
    assert protocol.submit(any_share(job, number), now) == []
    return sent_id(protocol)


def only_result(events: list[ClientEvent]) -> ShareResult:
    (fate,) = fates(events)
    return fate.result


def test_an_accepted_share_has_its_latency() -> None:
    protocol, job = mining()
    number = submitted(protocol, job)
    assert protocol.pending == 1
    assert protocol.feed(answer(number), 1001.25) == [
        ShareAnswered(any_share(job), ShareResult(Verdict.ACCEPTED, latency=0.25))
    ]
    assert protocol.pending == 0


def test_true_beside_an_error_is_accepted_with_the_words() -> None:
    protocol, job = mining()
    line = answer(submitted(protocol, job), True, "odd")
    assert only_result(protocol.feed(line, 1002.0)) == ShareResult(
        Verdict.ACCEPTED, None, "odd", 1.0
    )


@pytest.mark.parametrize(
    ("fields", "reason", "text"),
    [
        ({"result": False, "error": [21, "Stale", None]}, RejectReason.STALE, "Stale"),
        (
            {"reject-reason": "Above target", "result": False, "error": None},
            RejectReason.LOW_DIFFICULTY,
            "Above target",
        ),
        ({"result": None, "error": [22, "duplicate share"]}, RejectReason.DUPLICATE,
         "duplicate share"),
        ({"error": {"code": 23, "message": "low"}}, RejectReason.LOW_DIFFICULTY, "low"),
        ({"result": False, "error": None}, RejectReason.OTHER, "no reason given"),
        ({"result": None}, RejectReason.OTHER, "no reason given"),
        ({"result": "true"}, RejectReason.OTHER, "no reason given"),
    ],
)  # fmt: skip
def test_everything_but_true_is_a_reject_with_its_reason(
    fields: dict[str, Any], reason: RejectReason, text: str
) -> None:
    protocol, job = mining()
    line = json.dumps({"id": submitted(protocol, job), **fields}).encode() + b"\n"
    assert only_result(protocol.feed(line, 1002.0)) == ShareResult(
        Verdict.REJECTED, reason, text, 1.0
    )


def test_answers_are_matched_by_id_in_any_order_and_once() -> None:
    protocol, job = mining()
    first, second = (submitted(protocol, job, number) for number in (1, 2))
    lines = answer(str(second)) + answer(float(first), False) + answer(first) + answer(second)
    events = protocol.feed(lines, 1002.0)
    assert [(fate.share.nonce.nonce, fate.result.verdict) for fate in fates(events)] == [
        (2, Verdict.ACCEPTED),
        (1, Verdict.REJECTED),
    ]
    assert protocol.drops == {Drop.UNMATCHED_ANSWER: 2}


def test_a_share_without_an_answer_expires_as_unanswered_and_a_late_answer_is_counted() -> None:
    protocol, job = mining()
    number = submitted(protocol, job, now=1001.0)
    protocol.feed(notification("mining.ping"), 1100.0)
    assert protocol.next_deadline() == 1121.0
    assert protocol.poll(1120.9) == []
    assert only_result(protocol.poll(1121.0)).verdict is Verdict.UNANSWERED
    assert fates(protocol.feed(answer(number), 1122.0)) == []
    assert protocol.drops == {Drop.UNMATCHED_ANSWER: 1}


def test_a_pool_that_answers_no_share_is_left() -> None:
    protocol, job = mining()
    for number in range(3):
        submitted(protocol, job, number)
    protocol.feed(notification("mining.ping"), 1100.0)
    *answered, ended = protocol.poll(1200.0)
    assert len(answered) == 3
    assert ended == Ended(EndCause.SHARES_UNANSWERED, "3 shares in a row without an answer")


def test_an_answer_between_two_silent_shares_keeps_the_pool() -> None:
    protocol, job = mining()
    for number in range(2):
        submitted(protocol, job, number)
    late = submitted(protocol, job, 9, now=1100.0)
    protocol.poll(1125.0)
    protocol.feed(answer(late), 1126.0)
    submitted(protocol, job, 10, now=1127.0)
    protocol.feed(notification("mining.ping"), 1200.0)
    protocol.poll(1248.0)
    assert protocol.state is ClientState.AUTHORIZED


def test_pending_shares_are_bounded_and_the_excess_is_lost_by_name() -> None:
    protocol, job = mining(limits=ClientLimits(pending_shares=2))
    for number in range(2):
        submitted(protocol, job, number)
    lost = only_result(protocol.submit(any_share(job, 3), 1001.0))
    assert lost == ShareResult(Verdict.LOST, text="too many shares without an answer")
    assert protocol.data_to_send() == b""


def test_the_end_loses_each_pending_share_once() -> None:
    protocol, job = mining()
    for number in range(3):
        submitted(protocol, job, number)
    events = protocol.end(EndCause.PEER_CLOSED, "connection closed by the pool", 1002.0)
    assert [fate.result for fate in fates(events)] == [
        ShareResult(Verdict.LOST, text="connection closed by the pool")
    ] * 3
    assert events[-1] == Ended(EndCause.PEER_CLOSED, "connection closed by the pool")
    assert protocol.end(EndCause.STOPPED, "again", 1002.0) == []
    assert protocol.poll(9999.0) == []
    assert protocol.feed(answer(4), 1003.0) == []


def test_shares_can_be_given_up_without_leaving() -> None:
    protocol, job = mining()
    submitted(protocol, job)
    assert only_result(protocol.give_up_shares("stopping")).text == "stopping"
    assert protocol.give_up_shares("stopping") == []
    assert protocol.state is ClientState.AUTHORIZED


def test_what_is_found_while_nobody_listens_is_lost() -> None:
    protocol, job = mining()
    protocol.end(EndCause.PEER_CLOSED, "gone", 1002.0)
    lost = only_result(protocol.submit(any_share(job), 1003.0))
    assert lost == ShareResult(Verdict.LOST, text="no connection to send it on")


def earlier_share(extranonce1: str = "08000002") -> Share:
    """Return a share whose job came before time 1000."""
    protocol = started(now=900.0)
    lines = answer(2, [[], extranonce1, 4]) + AUTHORIZED + NOTIFY
    return any_share(only_job(protocol.feed(lines, 900.0)))


def test_a_share_of_an_earlier_connection_is_lost() -> None:
    protocol, _ = mining()
    lost = only_result(protocol.submit(earlier_share(), 1003.0))
    assert lost == ShareResult(Verdict.LOST, text="found for an earlier connection")


@pytest.mark.parametrize(
    ("extranonce1", "verdicts"), [("08000002", []), ("08000009", [Verdict.LOST])]
)
def test_a_share_of_an_earlier_connection_is_sent_if_it_was_resumed(
    extranonce1: str, verdicts: list[Verdict]
) -> None:
    resume = ResumePoint("5e55", bytes.fromhex("08000002"))
    protocol, _ = mining(replace(PLAN, resume=resume))
    events = protocol.submit(earlier_share(extranonce1), 1003.0)
    assert [fate.result.verdict for fate in fates(events)] == verdicts


def params_of(protocol: ClientProtocol) -> list[str]:
    params = json.loads(protocol.data_to_send())["params"]
    assert isinstance(params, list)
    return params


FIELDS = ("00000001", "504e86ed", "b2957c02")


def test_with_version_rolling_the_bits_are_sent_even_if_none_is_rolled() -> None:
    protocol, job = mining()
    protocol.submit(found(job, FIELDS), 1001.0)
    assert params_of(protocol) == ["slush.miner1", "bf", *FIELDS, "00000000"]


def test_without_version_rolling_five_parameters_are_sent() -> None:
    protocol = started()
    job = only_job(protocol.feed(SUBSCRIBED + AUTHORIZED + NOTIFY, 1000.0))
    protocol.submit(found(job, FIELDS), 1001.0)
    assert params_of(protocol) == ["slush.miner1", "bf", *FIELDS]


def test_bits_are_cut_to_the_mask_of_now_and_shares_outside_it_are_stale() -> None:
    protocol, job = mining()
    protocol.feed(notification("mining.set_version_mask", "00006000"), 1001.0)
    protocol.submit(found(job, FIELDS, job.version | 0x2000), 1001.0)
    assert params_of(protocol)[5] == "00002000"
    stale = only_result(protocol.submit(found(job, FIELDS, job.version | 0x8000), 1001.0))
    assert stale.verdict is Verdict.STALE


def test_bits_rolled_without_an_agreement_are_stale() -> None:
    protocol = started(replace(PLAN, version_mask=0))
    lines = answer(1, [[], "08000002", 4]) + answer(2) + NOTIFY
    job = only_job(protocol.feed(lines, 1000.0))
    stale = only_result(protocol.submit(found(job, FIELDS, job.version | 0x2000), 1001.0))
    assert stale.verdict is Verdict.STALE


@pytest.mark.parametrize(("size", "extranonce2"), [(0, ""), (1, "0f"), (16, "0f" * 16)])
def test_extranonce2_is_sent_at_its_exact_size(size: int, extranonce2: str) -> None:
    protocol = started()
    lines = answer(2, [[], "", size]) + AUTHORIZED + NOTIFY
    job = only_job(protocol.feed(lines, 1000.0))
    assert job.extranonce1 == b""
    protocol.submit(found(job, (extranonce2, "0000000a", "0000000b")), 1001.0)
    assert params_of(protocol)[2:] == [extranonce2, "0000000a", "0000000b"]


def test_the_job_id_goes_back_exactly_as_it_came() -> None:
    protocol = opened()
    job = only_job(protocol.feed(changed_notify(p0='17 "aBc\\'), 1000.0))
    submitted_id = protocol.submit(any_share(job), 1001.0)
    assert submitted_id == []
    assert params_of(protocol)[1] == '17 "aBc\\'


def test_an_unauthorized_share_makes_us_authorize_again_once_a_minute() -> None:
    protocol, job = mining()
    refusal = [24, "Unauthorized worker", None]
    protocol.feed(answer(submitted(protocol, job, 1), None, refusal), 1001.0)
    line = json.loads(protocol.data_to_send())
    assert line["method"] == "mining.authorize"
    protocol.feed(answer(submitted(protocol, job, 2), None, refusal), 1002.0)
    assert protocol.data_to_send() == b""
    protocol.feed(answer(line["id"]), 1003.0)
    assert protocol.state is ClientState.AUTHORIZED


def test_an_authorization_refused_later_ends_the_session() -> None:
    protocol, job = mining()
    protocol.feed(answer(submitted(protocol, job), None, [24, "no", None]), 1001.0)
    events = protocol.feed(answer(sent_id(protocol), False), 1002.0)
    text = "authorization refused for user slush.miner1"
    assert events == [Ended(EndCause.AUTHORIZE_REFUSED, text)]


def test_a_forgotten_subscription_ends_the_session() -> None:
    protocol, job = mining()
    line = answer(submitted(protocol, job), None, [25, "Not subscribed", None])
    events = protocol.feed(line, 1001.0)
    assert events[-1] == Ended(EndCause.NOT_SUBSCRIBED, "the pool has forgotten our subscription")


# Silence, in either direction.


def test_a_silent_pool_is_left_after_150_seconds() -> None:
    protocol, _ = mining()
    protocol.feed(b'{"id', 1100.0)  # not a line, so not a sign of life
    assert protocol.poll(1149.9) == []
    assert protocol.poll(1150.0) == [Ended(EndCause.SILENT, "the pool sent nothing for 150 s")]


@pytest.mark.parametrize("line", [NOTIFY, b"rubbish\n", b"{}\n", answer(99)])
def test_any_complete_line_is_a_sign_of_life(line: bytes) -> None:
    protocol, _ = mining()
    protocol.feed(line, 1100.0)
    assert protocol.poll(1249.9) == []
    assert isinstance(protocol.poll(1250.0)[-1], Ended)


def kept_alive(protocol: ClientProtocol) -> list[bytes]:
    """Return what is sent at 1240 s and at 1480 s, with the pool alive in between."""
    sent = []
    for now in (1239.0, 1240.0, 1479.0, 1480.0):
        protocol.feed(notification("mining.ping"), now)
        protocol.poll(now)
        sent.append(protocol.data_to_send())
    return sent


def test_a_silent_miner_repeats_what_the_pool_has_understood() -> None:
    protocol, _ = mining()
    never, first, nothing, second = kept_alive(protocol)
    assert (never, nothing) == (b"", b"")
    assert json.loads(first)["method"] == json.loads(second)["method"] == "mining.configure"
    job = protocol.terms
    protocol.feed(answer(json.loads(second)["id"], {"version-rolling": True}), 1481.0)
    assert protocol.terms == job


def test_a_silent_miner_repeats_its_suggestion_where_there_was_no_configure() -> None:
    protocol = started(replace(PLAN, suggest_difficulty=4.0))
    protocol.feed(answer(1, None) + SUBSCRIBED + AUTHORIZED, 1000.0)
    protocol.data_to_send()
    _, first, _, second = kept_alive(protocol)
    assert b"suggest_difficulty" in first
    assert b"suggest_difficulty" in second


def test_a_silent_miner_sends_nothing_that_the_pool_never_understood() -> None:
    protocol = started()
    protocol.feed(answer(1, None) + SUBSCRIBED + AUTHORIZED, 1000.0)
    protocol.data_to_send()
    assert kept_alive(protocol) == [b""] * 4


def test_the_next_deadline_is_in_the_future_after_each_poll() -> None:
    protocol, job = mining(replace(PLAN, suggest_difficulty=4.0))
    submitted(protocol, job)
    now = 1000.0
    for _ in range(20):
        protocol.feed(notification("mining.ping"), now)
        protocol.poll(now)
        assert protocol.next_deadline() > now
        now = protocol.next_deadline()


def test_handshake_answers_do_not_count_as_share_answers() -> None:
    protocol, job = mining()
    assert fates(protocol.feed(HANDSHAKE, 1001.0)) == []
    assert job.id == "bf"
