"""The start of a session, and every request that is not a share."""

import json

import pytest

from stampmill.pool.server.events import CloseReason
from stampmill.pool.stratum.drops import Drop

from .rig import EASY, Miner, Rig


def methods(miner: Miner) -> list[str]:
    return [line.get("method", "answer") for line in miner.wire.lines]


def test_subscribe_answer_is_understood_by_all() -> None:
    miner = Rig().connect()
    subscriptions, extranonce1, size = miner.ask("mining.subscribe", ["m/1.0"])["result"]
    assert [pair[0] for pair in subscriptions] == ["mining.set_difficulty", "mining.notify"]
    assert len(bytes.fromhex(extranonce1)) == 4
    assert size == 4


def test_nothing_comes_before_subscribe_and_authorize_are_answered() -> None:
    miner = Rig().connect()
    miner.ask("mining.subscribe", [])
    assert methods(miner) == ["answer"]
    miner.ask("mining.authorize", ["w", "x"])
    assert methods(miner) == ["answer", "answer", "mining.set_difficulty", "mining.notify"]


def test_authorize_first_then_subscribe() -> None:
    miner = Rig().connect()
    miner.ask("mining.authorize", ["w", "x"])
    miner.ask("mining.subscribe", [])
    assert methods(miner) == ["answer", "answer", "mining.set_difficulty", "mining.notify"]


def test_first_job_is_clean_even_if_the_pool_has_sent_another_since() -> None:
    rig = Rig()
    rig.core.periodic_job(rig.now())
    assert rig.login().job.clean


def test_pipelined_start_in_one_segment_and_byte_by_byte() -> None:
    requests = b"".join(
        json.dumps({"id": number, "method": method, "params": params}).encode() + b"\r\n\n"
        for number, (method, params) in enumerate([
            ("mining.configure", [["version-rolling"], {"version-rolling.mask": "ffffffff"}]),
            ("mining.subscribe", ["m"]),
            ("mining.authorize", ["w", "x"]),
            ("mining.suggest_difficulty", [EASY]),
            ("mining.extranonce.subscribe", []),
        ])
    )  # fmt: skip
    whole, bytewise = Rig().connect(), Rig().connect()
    whole.send(requests)
    for byte in requests:
        bytewise.send(bytes([byte]))
    assert [line["id"] for line in whole.wire.lines if "method" not in line] == [0, 1, 2, 3, 4]
    assert whole.wire.lines == bytewise.wire.lines


def test_every_connection_has_its_own_extranonce1() -> None:
    rig = Rig()
    miners = [rig.login() for _ in range(300)]
    assert len({miner.extranonce1 for miner in miners}) == 300
    assert {len(miner.extranonce1) for miner in miners} == {8}


def test_extranonce1_in_use_is_skipped_when_the_numbers_wrap() -> None:
    rig = Rig()
    first = rig.login()
    rig.core._next_extranonce1 = int(first.extranonce1, 16)
    assert rig.login().extranonce1 != first.extranonce1
    rig.core._next_extranonce1 = 0xFFFFFFFF
    assert [rig.login().extranonce1 for _ in range(2)] == ["ffffffff", "00000000"]


def test_subscribing_again_keeps_the_extranonce1() -> None:
    miner = Rig().login()
    before, jobs = miner.extranonce1, len(miner.jobs())
    miner.subscribe()
    assert miner.extranonce1 == before
    assert len(miner.jobs()) == jobs


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("ffffffff", "1fffe000"), ("00006000", "00006000"), ("0x1FFF0000", "1fff0000")],
)
def test_version_mask_is_what_both_sides_allow(asked: str, granted: str) -> None:
    params = [["version-rolling"], {"version-rolling.mask": asked}]
    result = Rig().connect().ask("mining.configure", params)["result"]
    assert result == {"version-rolling": True, "version-rolling.mask": granted}


def test_mask_without_a_common_bit_is_refused() -> None:
    params = [["version-rolling"], {"version-rolling.mask": "e0000001"}]
    assert Rig().connect().ask("mining.configure", params)["result"] == {"version-rolling": False}


def test_configure_answers_every_known_extension_and_no_other() -> None:
    names = ["minimum-difficulty", "subscribe-extranonce", "info", "quantum"]
    values = {"minimum-difficulty.value": 0.5, "info.sw-version": "1"}
    rig = Rig(fixed_difficulty=None)
    result = rig.connect().ask("mining.configure", [names, values])["result"]
    assert result == {"minimum-difficulty": True, "subscribe-extranonce": True, "info": True}


def test_minimum_difficulty_is_kept() -> None:
    rig = Rig(fixed_difficulty=None)
    miner = rig.connect()
    miner.ask("mining.configure", [["minimum-difficulty"], {"minimum-difficulty.value": 0.5001}])
    assert miner.login().job.difficulty == 0.5001
    rig.pass_time(60)
    assert miner.job.difficulty == 0.5001


def test_minimum_difficulty_is_refused_where_the_difficulty_is_fixed() -> None:
    asked = [["minimum-difficulty"], {"minimum-difficulty.value": 8}]
    assert Rig().connect().ask("mining.configure", asked)["result"] == {"minimum-difficulty": False}


def test_minimum_difficulty_in_the_middle_of_a_session_is_told_behind_the_answer() -> None:
    miner = Rig(fixed_difficulty=None).login()
    miner.wire.lines.clear()
    miner.ask("mining.configure", [["minimum-difficulty"], {"minimum-difficulty.value": 2}])
    assert methods(miner) == ["answer", "mining.set_difficulty", "mining.notify"]
    assert miner.job.difficulty == 2


@pytest.mark.parametrize("user", ["a", "bc1qxyz.rig 7", "ü" * 100])
def test_any_name_is_welcome(user: str) -> None:
    assert Rig().connect().login(user=user).job


def test_empty_name_is_unauthorized() -> None:
    error = Rig().connect().ask("mining.authorize", ["", "x"])["error"]
    assert error == [24, "Unauthorized worker", None]


def test_several_names_but_not_without_end() -> None:
    miner = Rig().login(user="w0")
    for number in range(1, 16):
        assert miner.ask("mining.authorize", [f"w{number}", "x"])["result"] is True
    assert miner.ask("mining.authorize", ["w16", "x"])["error"][0] == 24
    assert miner.ask("mining.authorize", ["w3", "x"])["result"] is True
    assert miner.submit(next(miner.job.shares()), user="w15") == "ok"


def test_suggested_difficulty_comes_with_the_first_job() -> None:
    miner = Rig(fixed_difficulty=None).connect()
    assert miner.ask("mining.suggest_difficulty", ["0.25"])["result"] is True
    assert miner.login().job.difficulty == 0.25


def test_suggested_difficulty_in_a_session_comes_with_a_job_that_is_not_clean() -> None:
    miner = Rig(fixed_difficulty=None).login()
    miner.ask("mining.suggest_difficulty", [512])
    assert (miner.job.difficulty, miner.job.clean) == (512, False)


def test_repeated_suggestion_changes_nothing() -> None:
    miner = Rig(fixed_difficulty=None).login()
    for _ in range(3):
        miner.ask("mining.suggest_difficulty", [512])
    assert len(miner.jobs()) == 2


def test_suggested_target() -> None:
    miner = Rig(fixed_difficulty=None).connect()
    miner.send({"id": None, "method": "mining.suggest_target", "params": [f"{0xFFFF << 206:064x}"]})
    assert miner.wire.lines == []
    assert miner.login().job.difficulty == 4


@pytest.mark.parametrize(
    ("password", "difficulty"),
    [("d=512", 512), ("x,diff=0.125", 0.125), ("x;d=1e-3;y", 0.001), ("md=4", 7e-6), ("d=0", 7e-6),
     ("d=abc", 7e-6), ("", 7e-6)],
)  # fmt: skip
def test_difficulty_in_the_password(password: str, difficulty: float) -> None:
    miner = Rig(fixed_difficulty=None).login(password=password)
    assert miner.job.difficulty == pytest.approx(difficulty)


def test_fixed_difficulty_stays_whatever_is_suggested() -> None:
    rig = Rig(fixed_difficulty=3.0)
    miner = rig.connect()
    assert miner.ask("mining.suggest_difficulty", [7])["result"] is True
    miner.login()
    rig.pass_time(60)
    assert {job.difficulty for job in miner.jobs()} == {3.0}


@pytest.mark.parametrize(
    ("method", "params", "result", "code"),
    [
        ("mining.extranonce.subscribe", [], True, None),
        ("mining.ping", [], "pong", None),
        ("mining.pong", [], True, None),
        ("mining.get_transactions", ["1"], None, 21),
        ("mining.multi_version", [4], None, 20),
        ("made.up", None, None, 20),
        ("mining.suggest_difficulty", ["many"], None, 20),
        ("mining.suggest_difficulty", [0], None, 20),
        ("mining.suggest_difficulty", None, None, 20),
        ("mining.configure", [7], None, 20),
        ("mining.authorize", {}, None, 20),
    ],
)
def test_every_request_is_answered_and_the_connection_kept(
    method: str, params: object, result: object, code: int | None
) -> None:
    miner = Rig().connect()
    answer = miner.ask(method, params)
    assert answer["result"] == result
    assert (answer["error"] and answer["error"][0]) == code
    assert miner.login().job


@pytest.mark.parametrize("message_id", [0, -1, 7, 2.5, "seven", "", 4])
def test_id_comes_back_as_it_was_sent(message_id: object) -> None:
    miner = Rig().connect()
    miner.send({"id": message_id, "method": "mining.ping", "params": None})
    assert [line["id"] for line in miner.wire.lines] == [message_id]
    assert type(miner.wire.lines[0]["id"]) is type(message_id)


def test_notification_is_not_answered() -> None:
    miner = Rig().connect()
    for method in ("mining.ping", "mining.subscribe", "made.up", "mining.submit"):
        miner.send({"id": None, "method": method, "params": []})
    assert miner.wire.lines == []


@pytest.mark.parametrize(
    ("line", "drop"),
    [
        (b"rubbish\n", Drop.NOT_JSON),
        (b"[1,2]\n", Drop.NOT_AN_OBJECT),
        (b'{"id":1}\n', Drop.NOT_A_MESSAGE),
        (b'{"id":[],"method":"mining.ping"}\n', Drop.NOT_A_MESSAGE),
        (b'{"id":9,"result":true,"error":null}\n', Drop.UNMATCHED_ANSWER),
    ],
)
def test_unusable_line_is_counted_and_the_connection_kept(line: bytes, drop: Drop) -> None:
    rig = Rig()
    miner = rig.connect()
    miner.send(line)
    assert rig.core.counters.dropped == {drop: 1}
    assert rig.core.snapshot().dropped == {drop.value: 1}
    assert miner.wire.lines == []
    assert miner.login().job


def test_requests_without_end_are_refused_and_in_the_end_the_connection() -> None:
    rig = Rig()
    miner = rig.login()
    for _ in range(200):
        miner.send({"id": 1, "method": "mining.ping", "params": []})
    refused = [line for line in miner.wire.lines if line.get("error")]
    assert refused[0]["error"] == [20, "Too many requests", None]
    assert rig.core.counters.dropped[Drop.MESSAGE_FLOOD] == len(refused) == 102
    assert miner.submit(next(miner.job.shares())) == "ok"
    for _ in range(1000):
        miner.session.receive(b'{"id":1,"method":"mining.ping"}\n', rig.now())
    assert miner.session.closed is CloseReason.INVALID


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x15\x03\x01", CloseReason.NOT_STRATUM),
        (b"\x80\x2e\x01\x00\x02", CloseReason.NOT_STRATUM),
        (b"\x00", CloseReason.NOT_STRATUM),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", CloseReason.NOT_STRATUM),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", CloseReason.NOT_STRATUM),
        (b"x" * (16 * 1024 + 1), CloseReason.LINE_TOO_LONG),
        (b"x" * 2_000_000 + b"\n", CloseReason.LINE_TOO_LONG),
    ],
)
def test_peer_that_does_not_speak_stratum_is_dropped_quietly(
    data: bytes, reason: CloseReason
) -> None:
    rig = Rig()
    miner = rig.connect()
    miner.send(data + b'{"id":1,"method":"mining.ping","params":[]}\n')
    assert miner.wire.closed
    assert miner.wire.lines == []
    assert miner.session.closed is reason
    rig.core.disconnect(miner.session)
    assert rig.core.snapshot().closed == {reason.value: 1}
    assert rig.core.snapshot().connections == 0


def test_line_just_below_the_cap_is_read() -> None:
    miner = Rig().connect()
    line = json.dumps({"id": 1, "method": "mining.ping", "params": ["x" * 16_000]}).encode()
    miner.send(line[:5])
    miner.send(line[5:] + b"\n")
    assert miner.wire.lines[0]["result"] == "pong"


def test_too_many_connections_are_turned_away() -> None:
    rig = Rig(max_connections=2)
    first, _ = rig.connect(), rig.connect()
    assert rig.core.connect(first.wire, rig.now()) is None
    assert rig.core.snapshot().closed == {"too-many-connections": 1}
    rig.core.disconnect(first.session)
    assert rig.connect()


def test_whoever_never_logs_in_is_dropped() -> None:
    rig = Rig(handshake_timeout=60)
    miner = rig.connect()
    miner.subscribe()
    rig.pass_time(59)
    assert not miner.wire.closed
    rig.pass_time(1)
    assert miner.session.closed is CloseReason.NO_HANDSHAKE


def test_silent_miner_is_dropped_and_any_byte_keeps_it() -> None:
    rig = Rig(idle_timeout=600)
    quiet, lively = rig.login(), rig.login()
    rig.pass_time(599)
    lively.send(b"\n")
    rig.pass_time(1)
    assert quiet.session.closed is CloseReason.IDLE
    assert lively.session.closed is None


def test_closed_session_is_left_in_peace_until_its_socket_is_gone() -> None:
    rig = Rig(fixed_difficulty=None, idle_timeout=5)
    miner = rig.login()
    rig.pass_time(5)
    lines = len(miner.wire.lines)
    rig.core.block_made(rig.now())
    rig.pass_time(60)
    assert miner.session.closed is CloseReason.IDLE
    assert len(miner.wire.lines) == lines


def test_events_tell_of_a_session() -> None:
    rig = Rig()
    miner = rig.login(user="account.rig\x1b[31m")
    miner.mine()
    rig.core.disconnect(miner.session)
    assert rig.told() == ["connected", "authorized", "accepted", "disconnected"]
    assert rig.events[1].text == "account.rig [31m"
    assert {event.peer for event in rig.events} == {"192.0.2.1:4000"}
