from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.job import Job
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.notifications import Reconnect
from stampmill.pool.upstream.events import (
    ClientState,
    DifficultyChanged,
    Dropped,
    EndCause,
    Ended,
    MessageShown,
    RedirectAsked,
)
from stampmill.pool.upstream.protocol import ClientProtocol

from .sessions import (
    AUTHORIZED,
    CONFIGURED,
    HANDSHAKE,
    NOTIFY,
    PLAN,
    SUBSCRIBED,
    changed_notify,
    dropped,
    jobs,
    notification,
    only_job,
    opened,
    started,
)

OTHER_BLOCK = "00" * 32


def deliver(protocol: ClientProtocol, *lines: bytes, now: float = 1001.0) -> list[Job]:
    return jobs(protocol.feed(b"".join(lines), now))


def test_a_job_carries_all_that_was_agreed_and_the_moment_of_its_last_byte() -> None:
    protocol = opened()
    protocol.feed(notification("mining.set_difficulty", 0.5), 1000.0)
    protocol.feed(NOTIFY[:100], 1001.0)
    job = only_job(protocol.feed(NOTIFY[100:], 1002.5))
    assert job.received_at == 1002.5
    assert job.extranonce1.hex() == "08000002"
    assert (job.extranonce2_size, job.version_mask, job.difficulty) == (4, 0x1FFFE000, 0.5)
    assert job.share_target == 0x1FFFE << 208


def test_the_first_job_is_clean_and_a_later_one_on_the_same_block_need_not_be() -> None:
    first, second, third = deliver(
        opened(), NOTIFY, changed_notify(p0="c0"), changed_notify(p0="c1", p8=True)
    )
    assert (first.clean, second.clean, third.clean) == (True, False, True)


def test_another_block_is_clean_whatever_the_flag_says_and_going_back_too() -> None:
    there = changed_notify(p0="c0", p1=OTHER_BLOCK)
    assert [job.clean for job in deliver(opened(), NOTIFY, there, NOTIFY)] == [True] * 3


def test_only_the_latest_of_the_jobs_before_authorization_comes_out_and_is_clean() -> None:
    protocol = started()
    assert deliver(protocol, CONFIGURED, SUBSCRIBED, NOTIFY, changed_notify(p0="c0")) == []
    (job,) = deliver(protocol, AUTHORIZED)
    assert (job.id, job.clean) == ("c0", True)


def test_the_same_job_again_is_ignored() -> None:
    protocol = opened()
    assert len(deliver(protocol, NOTIFY, NOTIFY)) == 1
    assert dropped(protocol) == {Drop.DUPLICATE_JOB: 1}


def test_the_same_job_again_is_news_if_now_it_is_clean() -> None:
    protocol = opened()
    deliver(protocol, NOTIFY, changed_notify(p0="c0"))
    (job,) = deliver(protocol, changed_notify(p0="c0", p8=True), changed_notify(p0="c0"))
    assert (job.id, job.clean) == ("c0", True)
    assert dropped(protocol) == {Drop.DUPLICATE_JOB: 1}


@pytest.mark.parametrize(
    "change",
    [{"p2": "00"}, {"p3": "00"}, {"p4": ["00" * 32]}, {"p5": "3"}, {"p6": "1d00ffff"}, {"p7": "1"}],
)
def test_the_same_id_with_other_content_replaces_the_old_job(change: dict[str, Any]) -> None:
    assert [job.clean for job in deliver(opened(), NOTIFY, changed_notify(**change))] == [True] * 2


def test_an_id_used_again_after_other_jobs_is_clean_too() -> None:
    again = changed_notify(p2="00")
    *_, last = deliver(opened(), NOTIFY, changed_notify(p0="c0"), again)
    assert last.clean


def test_a_storm_of_jobs_is_remembered_in_bounded_memory() -> None:
    protocol = opened()
    storm = [changed_notify(p0=f"{number:x}") for number in range(500)]
    assert len(deliver(protocol, *storm)) == 500
    assert len(protocol._jobs._tracker._jobs) <= 32


def test_a_difficulty_holds_from_the_next_job_on() -> None:
    protocol = opened()
    told, change = (notification("mining.set_difficulty", value) for value in (2, 8))
    first, second = deliver(protocol, told, NOTIFY, change, changed_notify(p0="c0"))
    assert (first.difficulty, second.difficulty) == (2.0, 8.0)


def test_the_first_difficulty_of_all_holds_for_the_job_in_front_of_it_too() -> None:
    protocol = opened()
    told, change = (notification("mining.set_difficulty", value) for value in (0.25, 8))
    first, again = deliver(protocol, NOTIFY, told)
    assert (first.difficulty, again.difficulty) == (1.0, 0.25)
    assert again.share_target == 0xFFFF << 210
    assert (again.id, again.clean) == (first.id, False)
    assert deliver(protocol, change) == []


def test_a_first_difficulty_that_is_the_default_is_no_news() -> None:
    protocol = opened()
    one = notification("mining.set_difficulty", 1)
    assert len(deliver(protocol, NOTIFY, one, notification("mining.set_difficulty", 4))) == 1


def test_the_same_job_at_another_difficulty_is_news_but_not_clean() -> None:
    protocol = opened()
    told, change = (notification("mining.set_difficulty", value) for value in (2, 8))
    first, second = deliver(protocol, told, NOTIFY, change, NOTIFY)
    assert (first.difficulty, second.difficulty) == (2.0, 8.0)
    assert not second.clean


def test_a_difficulty_is_told_once() -> None:
    protocol = opened()
    lines = notification("mining.set_difficulty", "8") + notification("mining.set_difficulty", 8.0)
    assert protocol.feed(lines, 1000.0) == [DifficultyChanged(8.0)]


@pytest.mark.parametrize("value", [0, -1, None, "nan", 1e300, 10**4000, [], True])
def test_an_impossible_difficulty_keeps_the_old_one(value: Any) -> None:
    protocol = opened()
    protocol.feed(notification("mining.set_difficulty", 8), 1000.0)
    protocol.feed(notification("mining.set_difficulty", value), 1000.0)
    assert dropped(protocol) == {Drop.BAD_DIFFICULTY: 1}
    (job,) = deliver(protocol, NOTIFY)
    assert job.difficulty == 8.0


def test_extranonces_hold_from_the_next_job_on_and_make_the_same_job_another() -> None:
    protocol = opened()
    change = notification("mining.set_extranonce", "aa", 8)
    first, second = deliver(protocol, NOTIFY, change, NOTIFY)
    assert (first.extranonce1.hex(), first.extranonce2_size) == ("08000002", 4)
    assert (second.extranonce1, second.extranonce2_size) == (b"\xaa", 8)
    assert second.clean


def test_an_impossible_extranonce_keeps_the_old_one() -> None:
    protocol = opened()
    protocol.feed(notification("mining.set_extranonce", "aa", 17), 1000.0)
    assert dropped(protocol) == {Drop.BAD_EXTRANONCE: 1}
    assert protocol.terms.extranonce2_size == 4


def test_a_version_mask_holds_at_once_for_the_job_that_is_out() -> None:
    protocol = opened()
    deliver(protocol, NOTIFY)
    mask = notification("mining.set_version_mask", "0000F000")
    (job,) = deliver(protocol, mask, now=1005.0)
    assert (job.id, job.version_mask, job.clean, job.received_at) == ("bf", 0xE000, False, 1005.0)
    assert deliver(protocol, mask) == []


@pytest.mark.parametrize("mask", ["rubbish", None, [], "1" * 9])
def test_an_impossible_version_mask_keeps_the_old_one(mask: Any) -> None:
    protocol = opened()
    protocol.feed(notification("mining.set_version_mask", mask), 1000.0)
    assert dropped(protocol) == {Drop.BAD_VERSION_MASK: 1}
    assert protocol.terms.version_mask == 0x1FFFE000


def test_a_version_mask_that_was_never_agreed_is_ignored() -> None:
    protocol = started(replace(PLAN, version_mask=0))
    protocol.feed(notification("mining.set_version_mask", "1fffe000"), 1000.0)
    assert dropped(protocol) == {Drop.VERSION_MASK_NOT_AGREED: 1}
    assert protocol.terms.version_mask is None


def test_only_bits_that_the_job_leaves_at_zero_may_be_rolled() -> None:
    (job,) = deliver(opened(), changed_notify(p5="30004000"))
    assert job.version_mask == 0x0FFFA000


@pytest.mark.parametrize("nbits", ["1d80ffff", "ff123456"])
def test_a_job_with_impossible_nbits_is_dropped_and_the_next_one_taken(nbits: str) -> None:
    protocol = opened()
    (job,) = deliver(protocol, changed_notify(p6=nbits), NOTIFY)
    assert job.id == "bf"
    assert dropped(protocol) == {Drop.BAD_JOB: 1}


def test_a_bad_job_is_dropped_and_the_connection_kept() -> None:
    protocol = opened()
    lines = changed_notify(p4=["00"]) + notification("mining.notify") + NOTIFY
    assert len(deliver(protocol, lines)) == 1
    assert dropped(protocol) == {Drop.BAD_JOB: 2}


# What else a server says.


def test_the_server_may_ask_for_our_version_with_an_id_that_is_ours_too() -> None:
    protocol = started()
    assert protocol.feed(notification("client.get_version", message_id=2), 1000.0) == []
    assert protocol.data_to_send() == b'{"id":2,"result":"miner/1.0","error":null}\n'
    protocol.feed(HANDSHAKE, 1000.0)
    assert protocol.state is ClientState.AUTHORIZED


def test_a_ping_is_answered() -> None:
    protocol = opened()
    protocol.feed(notification("mining.ping", message_id="42"), 1000.0)
    assert protocol.data_to_send() == b'{"id":"42","result":"pong","error":null}\n'


def test_a_pong_that_comes_as_a_method_is_nothing_odd() -> None:
    protocol = opened()
    assert protocol.feed(notification("mining.pong"), 1000.0) == []
    assert protocol.data_to_send() == b""
    assert dropped(protocol) == {}


def test_an_unknown_method_is_refused_with_an_id_and_ignored_without() -> None:
    protocol = opened()
    protocol.feed(notification("client.get_stats", message_id=5), 1000.0)
    assert (
        protocol.data_to_send() == b'{"id":5,"result":null,"error":[-3,"Method not found",null]}\n'
    )
    protocol.feed(notification("mining.set_goal", "x", {}), 1000.0)
    assert protocol.data_to_send() == b""
    assert dropped(protocol) == {Drop.UNKNOWN_METHOD: 2}


def test_a_redirect_is_passed_on_and_nothing_else_happens() -> None:
    protocol = opened()
    events = protocol.feed(notification("client.reconnect", "evil.example", "1", 1e9), 1000.0)
    assert events == [RedirectAsked(Reconnect("evil.example", 1, 60.0))]
    assert protocol.state is ClientState.AUTHORIZED


def test_messages_for_the_user_are_limited_and_the_rest_counted() -> None:
    protocol = opened()
    storm = notification("client.show_message", "hello\x07") * 500
    shown = [event for event in protocol.feed(storm, 1000.0) if isinstance(event, MessageShown)]
    assert shown == [MessageShown("hello ")] * 10
    assert dropped(protocol) == {Drop.MESSAGE_FLOOD: 490}
    later = protocol.feed(notification("client.show_message", "later"), 1010.0)
    assert later == [MessageShown("later")]


# Hostile input.

STREAM = (
    HANDSHAKE
    + notification("mining.set_difficulty", 8)
    + NOTIFY
    + notification("client.show_message", "é")
    + changed_notify(p0="c0")
)


def signature(events: list[Any]) -> list[Any]:
    return [event for event in events if not isinstance(event, Dropped)]


WHOLE = signature(started().feed(STREAM, 1000.0))


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_any_segmentation_means_the_same(cuts: list[int]) -> None:
    protocol = started()
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    assert [event for piece in pieces for event in protocol.feed(piece, 1000.0)] == WHOLE


def test_a_stream_cut_at_any_byte_means_a_beginning_of_the_same() -> None:
    for cut in range(len(STREAM)):
        events = started().feed(STREAM[:cut], 1000.0)
        assert events == WHOLE[: len(events)]


@given(st.binary(max_size=200).map(lambda data: b"?" + data))
def test_rubbish_lines_between_any_two_lines_cost_only_themselves(rubbish: bytes) -> None:
    protocol = started()
    lines = STREAM.splitlines(keepends=True)
    noisy = b"".join(rubbish + b"\n" + line for line in lines)
    assert signature(protocol.feed(noisy, 1000.0)) == WHOLE


SET_DIFFICULTY = b'{"method":"mining.set_difficulty","params":[%s]}'


@pytest.mark.parametrize(
    ("line", "drop"),
    [
        (b"hello", Drop.NOT_JSON),
        (b"\xff\xfe", Drop.NOT_JSON),
        (b'{"id":NaN}', Drop.NOT_JSON),
        (SET_DIFFICULTY % b"1e99999", Drop.NOT_JSON),
        (SET_DIFFICULTY % (b"9" * 5000), Drop.NOT_JSON),
        (SET_DIFFICULTY % (b"9" * 4000), Drop.BAD_DIFFICULTY),
        (b"[" * 1_000_000, Drop.NOT_JSON),
        (b"[]", Drop.NOT_AN_OBJECT),
        (b"{}", Drop.NOT_A_MESSAGE),
        (b'{"id":{},"result":true}', Drop.NOT_A_MESSAGE),
        (b'{"id":' + b"9" * 4000 + b',"result":true}', Drop.NOT_A_MESSAGE),
        (b'{"id":"' + b"x" * 257 + b'","method":"mining.ping"}', Drop.NOT_A_MESSAGE),
        (b'{"method":[]}', Drop.NOT_A_MESSAGE),
        (b'{"method":"mining.notify","params":{"a":1}}', Drop.BAD_JOB),
        (b'{"method":"client.show_message","params":[{}]}', Drop.BAD_PARAMETERS),
        (b'{"method":"client.reconnect","params":"there"}', Drop.BAD_PARAMETERS),
    ],
)  # fmt: skip
def test_a_hostile_line_is_counted_and_the_session_goes_on(line: bytes, drop: Drop) -> None:
    protocol = opened()
    (event,) = protocol.feed(line + b"\n", 1000.0)
    assert isinstance(event, Dropped)
    assert event.drop is drop
    assert len(deliver(protocol, NOTIFY)) == 1


def test_a_line_beyond_16_kib_before_the_subscribe_answer_ends_the_session() -> None:
    protocol = started()
    dropped_event, ended = protocol.feed(b"x" * (16 * 1024 + 1), 1000.0)
    assert isinstance(dropped_event, Dropped)
    assert ended == Ended(EndCause.BROKEN_STREAM, "a line of more than 16384 bytes")


def test_a_line_of_a_megabyte_is_taken_once_subscribed_even_in_the_same_segment() -> None:
    protocol = started()
    big = changed_notify(p3="00" * 50_000)
    padded = big[:-1] + b" " * ((1 << 20) - len(big) + 1) + b"\n"
    assert len(deliver(protocol, HANDSHAKE + padded)) == 1
    (_, ended) = protocol.feed(b"x" * ((1 << 20) + 1), 1000.0)
    assert isinstance(ended, Ended)


@pytest.mark.parametrize(
    ("first", "text"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x28", "the other side speaks TLS (stratum+ssl://)"),
        (b"\x00\x00", "the other side does not speak Stratum"),
        (b"\xff\xd8\xff\xe0", "the other side does not speak Stratum"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the other side speaks HTTP"),
    ],
)
def test_a_pool_that_speaks_something_else_is_left_with_the_reason(first: bytes, text: str) -> None:
    assert started().feed(first, 1000.0)[-1] == Ended(EndCause.BROKEN_STREAM, text)
