import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.pool.stratum.drops import Drop, UnusableMessageError
from stampmill.pool.stratum.fields import FieldError
from stampmill.pool.stratum.json_line import Json, decode_line
from stampmill.pool.stratum.messages import ServerMessage, encode, read_server_message
from stampmill.pool.stratum.notifications import (
    GetVersion,
    Notify,
    Ping,
    Pong,
    Reconnect,
    SetDifficulty,
    SetExtranonce,
    SetVersionMask,
    ShowMessage,
    swap_words,
)

from .vectors import SHARE_NAMES, SHARES, VECTORS, share

ORIGINAL = share("original Stratum documentation example")["notify"]

WIRE: list[tuple[ServerMessage, bytes]] = [
    (SetDifficulty(512.0), b'{"id":null,"method":"mining.set_difficulty","params":[512]}\n'),
    (SetDifficulty(1e-4), b'{"id":null,"method":"mining.set_difficulty","params":[0.0001]}\n'),
    (
        SetExtranonce(b"\x08\x00", 4),
        b'{"id":null,"method":"mining.set_extranonce","params":["0800",4]}\n',
    ),
    (
        SetVersionMask(0x3000),
        b'{"id":null,"method":"mining.set_version_mask","params":["00003000"]}\n',
    ),
    (Pong(), b'{"id":null,"method":"mining.pong","params":[]}\n'),
    (Reconnect(), b'{"id":null,"method":"client.reconnect","params":[]}\n'),
    (
        Reconnect("pool.example", 3334, 5.0),
        b'{"id":null,"method":"client.reconnect","params":["pool.example",3334,5.0]}\n',
    ),
    (ShowMessage("hi"), b'{"id":null,"method":"client.show_message","params":["hi"]}\n'),
    (GetVersion(), b'{"id":null,"method":"client.get_version","params":[]}\n'),
    (Ping(), b'{"id":null,"method":"mining.ping","params":[]}\n'),
]


@pytest.mark.parametrize(("message", "line"), WIRE, ids=lambda value: type(value).__name__)
def test_each_notification_is_written_and_read_the_same(
    message: ServerMessage, line: bytes
) -> None:
    assert encode(message) == line
    assert read_server_message(decode_line(line)) == message


@pytest.mark.parametrize("case", SHARES, ids=SHARE_NAMES)
def test_known_jobs_survive_a_round_trip_and_are_unswapped(case: dict[str, Any]) -> None:
    job = Notify.from_params(case["notify"])
    assert job.params() == case["notify"]
    assert job.previous_hash.hex() == case["expect"]["prevhash_header_order"]


@pytest.mark.parametrize("case", VECTORS["headers"], ids=lambda case: case["name"])
def test_the_previous_hash_of_known_headers_is_swapped_word_by_word(case: dict[str, Any]) -> None:
    in_header = bytes.fromhex(case["header"])[4:36]
    assert swap_words(in_header).hex() == case["stratum_prevhash"]
    assert swap_words(swap_words(in_header)) == in_header


def changed(**values: Json) -> list[Json]:
    """Return the original example's parameters with some replaced, by `p<index>`."""
    params: list[Json] = list(ORIGINAL)
    for name, value in values.items():
        params[int(name[1:])] = value
    return params


def test_the_flag_may_be_missing_or_a_number_and_more_may_follow() -> None:
    job = Notify.from_params(ORIGINAL)
    assert Notify.from_params(ORIGINAL[:8]) == job
    assert Notify.from_params([*ORIGINAL, "more", 10]) == job
    assert Notify.from_params(changed(p8=0)) == job
    assert Notify.from_params(changed(p8=1)).clean
    assert Notify.from_params(changed(p8="true")).clean
    assert not Notify.from_params(changed(p8="false")).clean


def test_odd_spellings_are_read() -> None:
    job = Notify.from_params(ORIGINAL)
    spelled = changed(p4=None, p5="2", p6="0x1C2AC4AF", p7=0x504E86B9)
    assert Notify.from_params(spelled) == job
    assert Notify.from_params(changed(p0=4711)).job_id == "4711"
    for odd_id in ("1795305 12", "0xc01490b3b0_184", "aBc"):
        assert Notify.from_params(changed(p0=odd_id)).job_id == odd_id


BAD_JOBS = {
    "nothing": [],
    "seven parameters": ORIGINAL[:7],
    "id null": changed(p0=None),
    "id empty": changed(p0=""),
    "id too long": changed(p0="x" * 129),
    "id with a line end": changed(p0="a\nb"),
    "id a list": changed(p0=[]),
    "previous hash short": changed(p1="00" * 31),
    "previous hash long": changed(p1="00" * 33),
    "previous hash not hex": changed(p1="zz" * 32),
    "coinbase1 odd": changed(p2="012"),
    "coinbase1 null": changed(p2=None),
    "coinbase1 with blanks": changed(p2="01 02"),
    "coinbase2 a number": changed(p3=12),
    "coinbases too long together": changed(p2="00" * 60_000, p3="00" * 40_001),
    "branch a string": changed(p4="00" * 32),
    "branch entry short": changed(p4=["00" * 31]),
    "branch entry null": changed(p4=[None]),
    "branch too long": changed(p4=["00" * 32] * 33),
    "version beyond 32 bits": changed(p5="100000000"),
    "version negative": changed(p5=-1),
    "version true": changed(p5=True),
    "nbits not hex": changed(p6="1c2ac4ag"),
    "ntime empty": changed(p7=""),
    "ntime null": changed(p7=None),
    "flag a list": changed(p8=[]),
    "not a list": {"job": 1},
    "a string": "rubbish",
}


@pytest.mark.parametrize("params", BAD_JOBS.values(), ids=BAD_JOBS.keys())
def test_a_bad_job_is_dropped_under_its_name(params: Json) -> None:
    with pytest.raises(UnusableMessageError) as caught:
        read_server_message({"method": "mining.notify", "params": params})
    assert caught.value.drop is Drop.BAD_JOB


def test_the_largest_job_within_bounds_is_taken() -> None:
    params = changed(p2="00" * 60_000, p3="00" * 40_000, p4=["00" * 32] * 32, p0="x" * 128)
    job = Notify.from_params(params)
    assert len(job.coinbase1) + len(job.coinbase2) == 100_000
    assert len(job.merkle_branch) == 32


@pytest.mark.parametrize(
    ("value", "difficulty"),
    [(512, 512.0), (512.0, 512.0), ("512", 512.0), ("1e-4", 1e-4), (9427.960695338843,) * 2],
)
def test_a_difficulty_is_read_from_its_spellings(value: Json, difficulty: float) -> None:
    assert SetDifficulty.from_params([value, "extra"]).difficulty == difficulty


@pytest.mark.parametrize(
    "value", [None, 0, -1, 0.0, False, True, "", "x", "nan", "inf", [1], {}, 1e300, 10**4000]
)
def test_an_impossible_difficulty_is_dropped_under_its_name(value: Json) -> None:
    with pytest.raises(UnusableMessageError) as caught:
        read_server_message({"method": "mining.set_difficulty", "params": [value]})
    assert caught.value.drop is Drop.BAD_DIFFICULTY


@pytest.mark.parametrize("size", [4, 4.0, "4"])
def test_an_extranonce_size_is_read_from_its_spellings(size: Json) -> None:
    assert SetExtranonce.from_params(["", size]) == SetExtranonce(b"", 4)


@pytest.mark.parametrize(
    "params", [[], ["00"], ["00", -1], ["00", 17], ["00" * 65, 4], [None, 4], ["0", 4], ["00", 1.5]]
)
def test_an_impossible_extranonce_is_dropped_under_its_name(params: Json) -> None:
    with pytest.raises(UnusableMessageError) as caught:
        read_server_message({"method": "mining.set_extranonce", "params": params})
    assert caught.value.drop is Drop.BAD_EXTRANONCE


@pytest.mark.parametrize(
    ("params", "meant"),
    [
        ([], Reconnect()),
        ([None, None, None], Reconnect()),
        (["", "", ""], Reconnect()),
        (["pool", "3334", 0], Reconnect("pool", 3334)),
        (["pool", 3334], Reconnect("pool", 3334)),
        ([None, 0, 1e9], Reconnect(None, None, 60.0)),
        (["", None, -5], Reconnect()),
        (["", None, "7"], Reconnect(wait=7.0)),
        (["", None, "nan"], Reconnect()),
        (["", None, 10**400], Reconnect()),
        (["", None, []], Reconnect()),
    ],
)
def test_a_reconnect_is_read_and_its_wait_clamped(params: list[Json], meant: Reconnect) -> None:
    assert Reconnect.from_params(params) == meant


@pytest.mark.parametrize("params", [["h", 65536], ["h", -1], ["h", "x"], ["h" * 256], [1.5], [[]]])
def test_an_impossible_reconnect_is_refused(params: list[Json]) -> None:
    with pytest.raises(FieldError):
        Reconnect.from_params(params)


def test_a_message_for_the_user_is_cut_and_made_printable() -> None:
    assert ShowMessage.from_params(["a\x1b[31m\nb"]).text == "a [31m b"
    assert len(ShowMessage.from_params(["x" * 10_000]).text) == 200


@given(st.floats(min_value=1e-15, max_value=1e60, allow_nan=False))
def test_any_difficulty_survives_a_round_trip(difficulty: float) -> None:
    message = SetDifficulty(difficulty)
    read = read_server_message(decode_line(encode(message)))
    assert isinstance(read, SetDifficulty)
    assert math.isclose(read.difficulty, difficulty, rel_tol=1e-15)
