from dataclasses import replace
from typing import Any

import pytest

from stampmill.pool.stratum.drops import Drop
from stampmill.pool.upstream.events import (
    Authorized,
    ClientState,
    Dropped,
    EndCause,
    Ended,
    ExtensionRefused,
    JobReceived,
    Subscribed,
    VersionRollingSettled,
)
from stampmill.pool.upstream.outbox import Asked
from stampmill.pool.upstream.plan import ClientPlan, ResumePoint
from stampmill.pool.upstream.protocol import ClientProtocol

from .sessions import (
    AUTHORIZED,
    CONFIGURED,
    HANDSHAKE,
    NOTIFY,
    PLAN,
    SUBSCRIBED,
    Sink,
    answer,
    changed_notify,
    jobs,
    notification,
    only_job,
    opened,
    started,
)


def opening(plan: ClientPlan) -> bytes:
    protocol = ClientProtocol(plan, Sink())
    protocol.start(0.0)
    return protocol.data_to_send()


CONFIGURE_LINE = (
    b'{"id":1,"method":"mining.configure","params":[["version-rolling","subscribe-extranonce"],'
    b'{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}\n'
)


def test_the_first_three_requests_go_out_together() -> None:
    assert opening(PLAN) == CONFIGURE_LINE + (
        b'{"id":2,"method":"mining.subscribe","params":["miner/1.0"]}\n'
        b'{"id":3,"method":"mining.authorize","params":["slush.miner1","secret"]}\n'
    )


def test_without_version_rolling_there_is_no_configure() -> None:
    plan = replace(PLAN, version_mask=0)
    assert opening(plan).startswith(b'{"id":1,"method":"mining.subscribe"')


def test_all_four_extensions_of_bip310_can_be_asked_for() -> None:
    plan = replace(PLAN, minimum_difficulty=0.5, info=(("sw-version", "1.0"),))
    assert opening(plan).splitlines()[0] == (
        b'{"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty",'
        b'"subscribe-extranonce","info"],{"version-rolling.mask":"1fffe000",'
        b'"version-rolling.min-bit-count":2,"minimum-difficulty.value":0.5,'
        b'"info.sw-version":"1.0"}]}'
    )
    without_rolling = replace(plan, version_mask=0)
    assert b'[["minimum-difficulty","subscribe-extranonce","info"],' in opening(without_rolling)


@pytest.mark.parametrize(
    ("granted", "refused"),
    [({"minimum-difficulty": True}, False), ({"minimum-difficulty": False}, True), ({}, True)],
)
def test_a_minimum_difficulty_that_is_not_granted_is_told(
    granted: dict[str, bool], refused: bool
) -> None:
    protocol = started(replace(PLAN, minimum_difficulty=4.0))
    events = protocol.feed(answer(1, granted), 1000.0)
    assert (ExtensionRefused("minimum-difficulty") in events) is refused


def test_set_extranonce_is_asked_for_the_old_way_where_the_plan_says_so() -> None:
    protocol = started(replace(PLAN, extranonce_subscribe=True))
    protocol.feed(HANDSHAKE, 1000.0)
    assert protocol.data_to_send() == (
        b'{"id":4,"method":"mining.extranonce.subscribe","params":[]}\n'
    )
    protocol.feed(answer(4, False), 1000.0)
    assert protocol.drops == {}
    assert protocol.open_requests == frozenset()


def test_set_extranonce_is_not_asked_for_twice() -> None:
    protocol = started(replace(PLAN, extranonce_subscribe=True))
    protocol.feed(answer(1, {"subscribe-extranonce": True}) + SUBSCRIBED + AUTHORIZED, 1000.0)
    assert protocol.data_to_send() == b""


def test_a_late_configure_follows_authorization_and_counts_for_the_job_that_is_out() -> None:
    protocol = ClientProtocol(replace(PLAN, configure_late=True), Sink())
    protocol.start(1000.0)
    assert protocol.data_to_send().startswith(b'{"id":1,"method":"mining.subscribe"')
    lines = answer(1, [[], "08000002", 4]) + answer(2) + NOTIFY
    assert only_job(protocol.feed(lines, 1000.0)).version_mask == 0
    assert protocol.data_to_send() == CONFIGURE_LINE.replace(b'"id":1', b'"id":3')
    granted = {"version-rolling": True, "version-rolling.mask": "1fffe000"}
    assert only_job(protocol.feed(answer(3, granted), 1000.0)).version_mask == 0x1FFFE000


def test_a_session_id_is_passed_on_to_resume() -> None:
    plan = replace(PLAN, resume=ResumePoint("5e55", b"\x08\x00\x00\x02"))
    assert b'"params":["miner/1.0","5e55"]' in opening(plan)


def test_a_plan_does_not_show_its_password() -> None:
    assert "secret" not in repr(PLAN)


def test_the_handshake_passes_through_its_states() -> None:
    protocol = ClientProtocol(PLAN, Sink())
    states = [protocol.state]
    protocol.start(0.0)
    states.append(protocol.state)
    assert protocol.feed(CONFIGURED, 0.1) == [VersionRollingSettled(0x1FFFE000)]
    (subscribed,) = protocol.feed(SUBSCRIBED, 0.2)
    assert isinstance(subscribed, Subscribed)
    assert subscribed.result.session_id == "5e55"
    states.append(protocol.state)
    assert protocol.feed(AUTHORIZED, 0.3) == [Authorized("slush.miner1")]
    assert [*states, protocol.state] == list(ClientState)[:4]
    assert (protocol.terms.extranonce1.hex(), protocol.terms.extranonce2_size) == ("08000002", 4)


@pytest.mark.parametrize(
    "lines",
    [
        [CONFIGURED, SUBSCRIBED, AUTHORIZED, NOTIFY],
        [AUTHORIZED, SUBSCRIBED, CONFIGURED, NOTIFY],
        [NOTIFY, AUTHORIZED, CONFIGURED, SUBSCRIBED],
        [NOTIFY, SUBSCRIBED, CONFIGURED, AUTHORIZED],
        [SUBSCRIBED, NOTIFY, CONFIGURED, AUTHORIZED],
        [CONFIGURED, SUBSCRIBED, NOTIFY, AUTHORIZED],
    ],
)
@pytest.mark.parametrize("byte_by_byte", [False, True])
def test_answers_and_the_first_job_may_come_in_any_order(
    lines: list[bytes], byte_by_byte: bool
) -> None:
    stream = b"".join(lines)
    segments = [bytes([byte]) for byte in stream] if byte_by_byte else [stream]
    protocol = started()
    events = [event for segment in segments for event in protocol.feed(segment, 1000.0)]
    job = only_job(events)
    assert (job.extranonce1.hex(), job.version_mask) == ("08000002", 0x1FFFE000)
    assert job.clean
    assert events.index(Authorized("slush.miner1")) < events.index(JobReceived(job))


def test_a_difficulty_in_front_of_the_subscribe_answer_counts() -> None:
    protocol = started()
    early = notification("mining.set_difficulty", 64) + NOTIFY
    assert only_job(protocol.feed(early + HANDSHAKE, 1000.0)).difficulty == 64.0


def test_a_bad_job_in_front_of_the_subscribe_answer_does_not_stop_the_session() -> None:
    protocol = started()
    impossible = changed_notify(p6="ff123456")
    protocol.feed(impossible + AUTHORIZED + SUBSCRIBED + CONFIGURED, 1000.0)
    assert protocol.state is ClientState.AUTHORIZED
    assert protocol.drops[Drop.BAD_JOB] == 1


def test_ids_may_come_back_as_strings_and_floats() -> None:
    protocol = started()
    protocol.feed(answer("2", [[], "08000002", "4"]) + answer(3.0), 1000.0)
    assert protocol.state is ClientState.AUTHORIZED


@pytest.mark.parametrize("odd_id", [99, "x", "", None, 1.5, "-1", "9" * 30, True, "٣"])
def test_an_answer_to_an_id_never_sent_is_counted(odd_id: Any) -> None:
    protocol = opened()
    (event,) = protocol.feed(answer(odd_id), 1000.0)
    assert isinstance(event, Dropped)
    assert event.drop is Drop.UNMATCHED_ANSWER


def test_a_second_answer_is_counted_and_changes_nothing() -> None:
    protocol = opened()
    (event,) = protocol.feed(answer(2, [[], "ffffffff", 8]), 1000.0)
    assert isinstance(event, Dropped)
    assert event.drop is Drop.UNMATCHED_ANSWER
    assert protocol.terms.extranonce1.hex() == "08000002"


@pytest.mark.parametrize(
    "line",
    [
        answer(1, None),
        answer(1, {}),
        answer(1, False),
        answer(1, {"version-rolling": False}),
        answer(1, {"version-rolling": "unsupported"}),
        answer(1, None, [20, "Not supported.", None]),
        answer(1, [1]),
        answer(1, {"version-rolling": True, "version-rolling.mask": []}),
    ],
)
def test_a_refused_configure_means_no_version_rolling(line: bytes) -> None:
    protocol = started()
    assert VersionRollingSettled(None) in protocol.feed(line, 1000.0)
    job = only_job(protocol.feed(SUBSCRIBED + AUTHORIZED + NOTIFY, 1000.0))
    assert job.version_mask == 0


def test_an_unanswered_configure_means_no_version_rolling_and_a_late_answer_is_counted() -> None:
    protocol = started()
    protocol.feed(SUBSCRIBED + AUTHORIZED, 1000.0)
    assert protocol.next_deadline() == 1005.0
    assert protocol.poll(1004.9) == []
    assert protocol.poll(1005.0)[-1] == VersionRollingSettled(None)
    assert protocol.drops == {Drop.UNANSWERED_REQUEST: 1}
    protocol.feed(CONFIGURED, 1005.1)
    assert protocol.drops[Drop.UNMATCHED_ANSWER] == 1
    assert protocol.terms.version_mask is None
    assert protocol.state is ClientState.AUTHORIZED


@pytest.mark.parametrize(
    ("granted", "agreed"),
    [("ffffffff", 0x1FFFE000), ("5fffe000", 0x1FFFE000), ("0x6000", 0x6000), ("e0000000", 0)],
)
def test_the_mask_is_cut_to_what_was_asked_for(granted: str, agreed: int) -> None:
    protocol = started()
    result = {"version-rolling": True, "version-rolling.mask": granted}
    assert protocol.feed(answer(1, result), 1000.0) == [VersionRollingSettled(agreed)]


def test_bits_29_to_31_are_never_asked_for_nor_agreed() -> None:
    plan = replace(PLAN, version_mask=0xFFFFFFFF)
    assert b'"1fffffff"' in opening(plan)
    protocol = started(plan)
    result = {"version-rolling": True, "version-rolling.mask": "ffffffff"}
    assert protocol.feed(answer(1, result), 1000.0) == [VersionRollingSettled(0x1FFFFFFF)]


def test_a_mask_that_comes_after_the_job_reissues_it() -> None:
    protocol = started()
    first = only_job(protocol.feed(SUBSCRIBED + AUTHORIZED + NOTIFY, 1000.0))
    second = only_job(protocol.feed(CONFIGURED, 1001.0))
    assert (first.version_mask, second.version_mask) == (0, 0x1FFFE000)
    assert (second.id, second.clean, second.received_at) == (first.id, False, 1001.0)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (answer(2, None, [20, "no room", None]), "subscribe refused: no room"),
        (answer(2, None), "subscribe answered with not a list"),
        (answer(2, [[], "zz", 4]), "subscribe answered with not hex"),
        (answer(2, [[], "00" * 65, 4]), "subscribe answered with more than 64 bytes"),
        (answer(2, [[], "00", 17]), "subscribe answered with not in 0..16"),
    ],
)
def test_a_refused_or_unreadable_subscribe_ends_the_session(line: bytes, text: str) -> None:
    protocol = started()
    assert protocol.feed(line, 1000.0) == [Ended(EndCause.SUBSCRIBE_REFUSED, text)]
    assert protocol.state is ClientState.CLOSED
    assert protocol.feed(HANDSHAKE, 1000.0) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (answer(3, False), ""),
        (answer(3, None, [20, "bad address", None]), ": bad address"),
        (answer(3, False, "Failed subscription"), ": Failed subscription"),
        (answer(3, None), ""),
    ],
)
def test_a_refused_authorization_ends_the_session_and_names_the_user(line: bytes, why: str) -> None:
    protocol = started()
    events = protocol.feed(CONFIGURED + SUBSCRIBED + line + NOTIFY, 1000.0)
    text = f"authorization refused for user slush.miner1{why}"
    assert events[-1] == Ended(EndCause.AUTHORIZE_REFUSED, text)
    assert jobs(events) == []


@pytest.mark.parametrize(
    ("lines", "cause", "text"),
    [
        (b"", EndCause.SUBSCRIBE_UNANSWERED, "no answer to subscribe within 30 s"),
        (AUTHORIZED, EndCause.SUBSCRIBE_UNANSWERED, "no answer to subscribe within 30 s"),
        (SUBSCRIBED, EndCause.AUTHORIZE_UNANSWERED, "no answer to authorize within 30 s"),
    ],
)
def test_subscribe_and_authorize_must_be_answered_within_30_seconds(
    lines: bytes, cause: EndCause, text: str
) -> None:
    protocol = started()
    protocol.feed(lines, 1000.0)
    protocol.poll(1005.0)
    assert protocol.next_deadline() == 1030.0
    protocol.poll(1029.9)
    assert protocol.state is not ClientState.CLOSED
    assert protocol.poll(1030.0) == [Ended(cause, text)]


def test_a_difficulty_is_suggested_after_authorization_as_a_request() -> None:
    protocol = started(replace(PLAN, suggest_difficulty=0.5))
    protocol.feed(CONFIGURED + SUBSCRIBED, 1000.0)
    assert protocol.data_to_send() == b""
    protocol.feed(AUTHORIZED, 1000.0)
    assert protocol.data_to_send() == (
        b'{"id":4,"method":"mining.suggest_difficulty","params":[0.5]}\n'
    )


@pytest.mark.parametrize(
    "line", [b"", answer(4), answer(4, None, [20, "Not supported.", None]), answer(4, [1])]
)
def test_no_answer_to_a_suggestion_matters(line: bytes) -> None:
    protocol = started(replace(PLAN, suggest_difficulty=512.0))
    protocol.feed(HANDSHAKE + line, 1000.0)
    protocol.poll(1005.0)
    assert protocol.state is ClientState.AUTHORIZED
    assert protocol.drops == ({} if line else {Drop.UNANSWERED_REQUEST: 1})


@pytest.mark.parametrize(("extranonce1", "resumed"), [("08000002", True), ("08000003", False)])
def test_a_resume_worked_if_extranonce1_is_the_same(extranonce1: str, resumed: bool) -> None:
    protocol = started(replace(PLAN, resume=ResumePoint("5e55", bytes.fromhex("08000002"))))
    (event,) = protocol.feed(answer(2, [[], extranonce1, 4]), 1000.0)
    assert isinstance(event, Subscribed)
    assert event.resumed is resumed


def test_what_is_open_is_known_when_a_pool_hangs_up() -> None:
    protocol = started(replace(PLAN, suggest_difficulty=1.0))
    assert protocol.open_requests == {Asked.CONFIGURE, Asked.SUBSCRIBE, Asked.AUTHORIZE}
    protocol.feed(HANDSHAKE, 1000.0)
    assert protocol.open_requests == {Asked.SUGGEST_DIFFICULTY}


def test_other_difficulties_are_asked_for_in_the_middle_of_a_session() -> None:
    protocol = started(replace(PLAN, suggest_difficulty=1.0))
    protocol.feed(HANDSHAKE, 1000.0)
    protocol.data_to_send()
    assert protocol.wish(8.0, None, 1001.0) == []
    assert protocol.data_to_send() == (
        b'{"id":5,"method":"mining.suggest_difficulty","params":[8]}\n'
    )
    protocol.wish(8.0, 2.0, 1002.0)
    configure = protocol.data_to_send()
    assert b'"mining.configure"' in configure
    assert b'"minimum-difficulty.value":2' in configure
    protocol.wish(None, 2.0, 1003.0)
    assert protocol.data_to_send() == b"", "there is no way to take a wish back"


def test_what_is_wished_for_before_authorization_is_asked_for_after_it() -> None:
    protocol = started(replace(PLAN, suggest_difficulty=1.0))
    protocol.wish(8.0, None, 1000.0)
    assert protocol.data_to_send() == b""
    protocol.feed(HANDSHAKE, 1000.0)
    assert b'"params":[8]' in protocol.data_to_send()
