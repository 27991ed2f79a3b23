from typing import Any

import pytest

from stampmill.core.job import RejectReason
from stampmill.pool.stratum.answers import (
    Answer,
    ConfigureResult,
    PoolError,
    SubscribeResult,
)
from stampmill.pool.stratum.drops import Drop, UnusableMessageError
from stampmill.pool.stratum.fields import FieldError
from stampmill.pool.stratum.json_line import Json, decode_line
from stampmill.pool.stratum.messages import encode_error, encode_result, is_call, read_answer

# Every shape of refusal that was seen, with its program.
SEEN = {
    "ckpool-lhr": (
        b'{"id":7,"result":false,"error":[21,"Stale",null]}',
        PoolError(21, "Stale"),
        RejectReason.STALE,
    ),
    "ckpool": (
        b'{"reject-reason":"Above target","result":false,"error":null,"id":7}',
        PoolError(None, "Above target"),
        RejectReason.LOW_DIFFICULTY,
    ),
    "ckpool, parameter errors": (
        b'{"id":7,"result":false,"error":"Invalid version mask"}',
        PoolError(None, "Invalid version mask"),
        RejectReason.OTHER,
    ),
    "foundation": (
        b'{"id":7,"result":null,"error":[22,"duplicate share"]}',
        PoolError(22, "duplicate share"),
        RejectReason.DUPLICATE,
    ),
    "public-pool": (
        b'{"id":7,"result":null,"error":[22,"Duplicate share",""]}',
        PoolError(22, "Duplicate share"),
        RejectReason.DUPLICATE,
    ),
    "eloipool": (
        b'{"id":7,"result":null,"error":[20,"text","Traceback ..."]}',
        PoolError(20, "text"),
        RejectReason.OTHER,
    ),
    "MiningCore": (
        b'{"jsonrpc":"2.0","error":{"code":22,"message":"duplicate share","data":null},"id":7}',
        PoolError(22, "duplicate share"),
        RejectReason.DUPLICATE,
    ),
    "a bare code": (
        b'{"id":7,"result":null,"error":24}',
        PoolError(24, ""),
        RejectReason.UNAUTHORIZED,
    ),
    "a code as string": (
        b'{"id":7,"result":null,"error":["25","Not subscribed",null]}',
        PoolError(25, "Not subscribed"),
        RejectReason.NOT_SUBSCRIBED,
    ),
    "btcpool": (
        b'{"id":7,"result":null,"error":[33,"Invalid version mask",null]}',
        PoolError(33, "Invalid version mask"),
        RejectReason.OTHER,
    ),
    "terminal codes in the text": (
        b'{"id":7,"result":null,"error":[20,"\\u001b[31mno",null]}',
        PoolError(20, " [31mno"),
        RejectReason.OTHER,
    ),
}


@pytest.mark.parametrize(("line", "error", "reason"), SEEN.values(), ids=SEEN.keys())
def test_every_seen_refusal_is_understood(
    line: bytes, error: PoolError, reason: RejectReason
) -> None:
    answer = read_answer(decode_line(line))
    assert (answer.id, answer.error, answer.accepted) == (7, error, False)
    assert error.reason is reason


@pytest.mark.parametrize("error", [b"null", b'"ignored"', b'[20,"odd",null]', b"{}", b'""'])
def test_true_is_accepted_whatever_stands_beside_it(error: bytes) -> None:
    line = b'{"id":7,"result":true,"error":' + error + b"}"
    assert read_answer(decode_line(line)).accepted


@pytest.mark.parametrize("error", [b"null", b"false", b'""', b"[]", b"{}"])
def test_an_empty_error_is_none(error: bytes) -> None:
    line = b'{"id":7,"result":false,"error":' + error + b"}"
    assert read_answer(decode_line(line)) == Answer(7, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Stale share", RejectReason.STALE),
        ("job not found", RejectReason.STALE),
        ("Invalid JobID", RejectReason.STALE),
        ("invalid job id", RejectReason.STALE),
        ("Dup share", RejectReason.DUPLICATE),
        ("low difficulty share of 0.3", RejectReason.LOW_DIFFICULTY),
        ("high-hash", RejectReason.LOW_DIFFICULTY),
        ("unauthorized worker", RejectReason.UNAUTHORIZED),
        ("Not authorised", RejectReason.UNAUTHORIZED),
        ("Worker mismatch", RejectReason.UNAUTHORIZED),
        ("unsubscribed", RejectReason.NOT_SUBSCRIBED),
        ("method not allowed", RejectReason.OTHER),
        ("ntime out of range", RejectReason.OTHER),
        ("", RejectReason.OTHER),
    ],
)
def test_words_decide_where_there_is_no_code(text: str, reason: RejectReason) -> None:
    assert PoolError(None, text).reason is reason


def test_a_code_with_a_meaning_beats_the_words() -> None:
    assert PoolError(22, "stale job").reason is RejectReason.DUPLICATE
    assert PoolError(20, "Duplicate share").reason is RejectReason.DUPLICATE


def test_a_refusal_always_has_words() -> None:
    assert str(PoolError(20, "no")) == "no"
    assert str(PoolError(-3)) == "error -3"
    assert str(PoolError()) == "no reason given"


@pytest.mark.parametrize("message_id", [1, 1.5, "4", "", None, -1, (1 << 63) - 1])
def test_an_id_is_repeated_as_it_stood(message_id: Any) -> None:
    assert decode_line(encode_result(message_id, True))["id"] == message_id
    assert read_answer({"id": message_id, "result": True}).id == message_id


@pytest.mark.parametrize("message_id", [[], {}, 1 << 63, 10**4000])
def test_an_id_that_cannot_be_repeated_is_no_message(message_id: Any) -> None:
    with pytest.raises(UnusableMessageError) as caught:
        read_answer({"id": message_id, "result": True})
    assert caught.value.drop is Drop.NOT_A_MESSAGE


@pytest.mark.parametrize("message", [{}, {"id": 1}, {"id": 1, "method": None}])
def test_an_object_that_answers_nothing_is_no_message(message: dict[str, Json]) -> None:
    assert not is_call(message)
    with pytest.raises(UnusableMessageError) as caught:
        read_answer(message)
    assert caught.value.drop is Drop.NOT_A_MESSAGE


def test_a_method_makes_a_call_even_beside_an_id() -> None:
    assert is_call({"id": 7, "method": "client.get_version", "params": []})
    assert not is_call({"id": 7, "result": True})


def test_an_error_is_written_as_the_triple_that_all_understand() -> None:
    assert encode_error("a", PoolError(23, "low")) == (
        b'{"id":"a","result":null,"error":[23,"low",null]}\n'
    )
    assert encode_error(None, PoolError(None, "odd")) == (
        b'{"id":null,"result":null,"error":[20,"odd",null]}\n'
    )


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (ConfigureResult(), {}),
        (
            ConfigureResult(0x1FFFE000),
            {"version-rolling": True, "version-rolling.mask": "1fffe000"},
        ),
        (
            ConfigureResult(None, True, False),
            {"minimum-difficulty": True, "subscribe-extranonce": False},
        ),
    ],
)
def test_a_configure_result_survives_a_round_trip(result: ConfigureResult, line: Json) -> None:
    assert result.to_json() == line
    assert ConfigureResult.from_json(line) == result


def test_a_refused_version_rolling_is_said() -> None:
    assert ConfigureResult().to_json(version_rolling_asked=True) == {"version-rolling": False}


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        (None, None),
        (False, None),
        ({}, None),
        ({"version-rolling": False}, None),
        ({"version-rolling": "not here", "version-rolling.mask": "1fffe000"}, None),
        ({"version-rolling": True, "version-rolling.mask": "0x5FFFE000"}, 0x5FFFE000),
        ({"version-rolling": True, "version-rolling.mask": "6000"}, 0x6000),
        ({"version-rolling": True}, 0x1FFFE000),
    ],
)
def test_a_granted_mask_is_read_from_its_spellings(value: Json, mask: int | None) -> None:
    assert ConfigureResult.from_json(value).version_mask == mask


@pytest.mark.parametrize(
    "value", [[], "yes", True, {"version-rolling": True, "version-rolling.mask": "rubbish"}]
)
def test_an_unreadable_configure_result_is_refused(value: Json) -> None:
    with pytest.raises(FieldError):
        ConfigureResult.from_json(value)


def test_a_subscribe_result_survives_a_round_trip() -> None:
    result = SubscribeResult(b"\x08\x00\x00\x02", 4, "sid")
    line = [[["mining.set_difficulty", "sid"], ["mining.notify", "sid"]], "08000002", 4]
    assert result.to_json() == line
    assert SubscribeResult.from_json(line) == result


@pytest.mark.parametrize("size", [0, 1, 16])
@pytest.mark.parametrize("length", [0, 1, 64])
def test_extranonces_of_every_size_in_use_are_taken(length: int, size: int) -> None:
    result = SubscribeResult.from_json([[], "ab" * length, size])
    assert (len(result.extranonce1), result.extranonce2_size) == (length, size)


@pytest.mark.parametrize(
    ("subscriptions", "session_id"),
    [
        ([["mining.set_difficulty", "a"], ["mining.notify", "b"]], "b"),
        (["mining.notify", "b"], "b"),
        ([["mining.notify", ""]], None),
        ([["mining.notify", "x" * 200]], None),
        ([["mining.notify", 5]], None),
        ([["mining.notify"]], None),
        ([None, 1, "x"], None),
        ([], None),
        (None, None),
        ("sid", None),
    ],
)
def test_a_session_id_is_found_in_what_servers_send(
    subscriptions: Json, session_id: str | None
) -> None:
    result = SubscribeResult.from_json([subscriptions, "", "0"])
    assert result == SubscribeResult(b"", 0, session_id)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        {},
        [],
        [[]],
        [[], "00"],
        [[], None, 4],
        [[], "0", 4],
        [[], "zz", 4],
        [[], "00" * 65, 4],
        [[], "00", 17],
        [[], "00", -1],
        [[], "00", 2.5],
        [[], "00", True],
        [[], "00", "four"],
    ],
)
def test_an_unreadable_subscribe_result_is_refused(value: Json) -> None:
    with pytest.raises(FieldError):
        SubscribeResult.from_json(value)
