"""Whole replies, byte for byte, and what becomes of the commands that change things."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stampmill.core.operate.access import Access
from stampmill.core.operate.cgminer.answers import MAX_JOINED, Answers
from stampmill.core.operate.cgminer.commands import COMMANDS
from stampmill.core.operate.cgminer.reply import Fixed
from stampmill.core.operate.cgminer.request import RequestReader
from stampmill.core.settings import PoolSettings
from stampmill.core.snapshot import Rates
from tests.core.operate.desks import Rig

from .questions import NAME, QUESTIONS, ask, world

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_reply_is_what_readers_are_used_to(name: str) -> None:
    expected = GOLDEN.joinpath(f"{name}.txt").read_bytes().rstrip(b"\n")
    assert ask(world(), QUESTIONS[name]) == expected + b"\0"


def test_there_is_a_golden_reply_to_every_command_that_reads() -> None:
    readable = {name for name, command in COMMANDS.items() if not command.changes}
    assert readable - set(QUESTIONS) <= {"edevs", "estats", "check", "asccount", "pgacount"}


def test_every_reply_in_json_is_json_without_a_newline() -> None:
    for name in COMMANDS:
        reply = ask(world(), json.dumps({"command": name, "parameter": "0"}).encode(), Access.WRITE)
        assert reply.endswith(b"}\0")
        assert b"\n" not in reply
        said = json.loads(reply[:-1])
        assert said["id"] == 1
        assert set(said["STATUS"][0]) == {"STATUS", "When", "Code", "Msg", "Description"}


def test_what_was_said_is_said_again_while_it_is_true_and_only_to_who_may_hear_it() -> None:
    rig, seconds = world(), [1_764_000_000.0]
    answers = Answers(rig.desk, NAME, now=lambda: seconds[0])

    def said(data: bytes, access: Access = Access.READ) -> bytes:
        request = RequestReader().feed(data)
        assert request is not None
        return answers.to(request, access, "127.0.0.1")

    first, check = said(b"summary"), b'{"command":"check","parameter":"quit"}'
    assert said(b"summary") is first
    assert b'"Access":"N"' in said(check)
    assert b'"Access":"Y"' in said(check, Access.WRITE)
    seconds[0] += 1
    assert said(b"summary") not in {first, said(b'{"command":"summary"}')}
    for _ in range(2):
        assert b"Access denied" in said(b"pause")
        assert b"Paused" in said(b"pause", Access.WRITE)
    assert rig.run.told == [("pause", "127.0.0.1 over the API")] * 2
    rig.run.shot = replace(rig.run.shot, accepted=7_654_321)
    rig.now += 1
    assert b"7654321" in said(b"summary")


def test_no_number_on_the_wire_is_none() -> None:
    odd = Rates(math.nan, math.inf, -math.inf, math.nan, math.nan)
    rig = Rig(rates=odd, best_difficulty=math.inf, network_difficulty=math.nan)
    for command in (b"summary", b"coin", b"lcd"):
        reply = ask(rig, command).lower()
        assert b"nan" not in reply
        assert b"inf" not in reply


@given(st.floats(), st.integers(0, 8))
def test_a_fixed_number_is_always_one(value: float, places: int) -> None:
    assert math.isfinite(float(str(Fixed(value, places))))


def test_a_run_without_devices_or_pools_says_so() -> None:
    rig = Rig(devices=(), pools=())
    codes = [b"Code=10", b"Code=8", b"Code=107"]
    for command, code in zip((b"devs", b"pools", b"asc|0"), codes, strict=True):
        assert code in ask(rig, command)


def told(command: bytes, access: Access = Access.WRITE) -> tuple[bytes, list[object]]:
    rig = world()
    return ask(rig, command, access), rig.run.told


def added(password: str) -> PoolSettings:
    return PoolSettings("stratum+tcp://c:3", "me", password)


@pytest.mark.parametrize("name", [name for name in COMMANDS if COMMANDS[name].changes])
def test_who_may_only_read_changes_nothing(name: str) -> None:
    reply, changes = told(f"{name}|0".encode(), Access.READ)
    assert b"Code=45" in reply
    assert changes == []


@pytest.mark.parametrize(
    ("command", "code", "change"),
    [
        (b"quit", 42, "stop"),
        (b"pause", 130, ("pause", "127.0.0.1 over the API")),
        (b"resume", 131, "resume"),
        (b"switchpool|1", 27, ("reorder", 1)),
        (b"poolpriority|1,0", 73, ("reorder", 1, 0)),
        (b"disablepool|1", 48, ("enable", 1, False)),
        (b"ascdisable|0", 111, ("enable", 0, False)),
        (b"ascset|0,threads,3", 119, ("threads", 3, 0)),
        (b"ascset|0,intensity,dedicated", 119, ("intensity", "dedicated", 0)),
        (b"setconfig|threads,3", 82, ("threads", 3, None)),
        (b"addpool|stratum+tcp://c:3,me,s\\,3\\\\", 55, ("add", added("s,3\\"))),
        (b"addpool|stratum+tcp://c:3,me", 55, ("add", added("x"))),
        (b'{"command":"addpool","parameter":"stratum+tcp://c:3,me,"}', 55, ("add", added(""))),
        (b"removepool|1", 68, ("remove", 1)),
        (b"poolquota|1,5", 122, ("quota", 1, 5)),
        (b"pooldifficulty|1,0.5", 132, ("wish", 1, 0.5, None)),
        (b"pooldifficulty|1,8,2", 132, ("wish", 1, 8.0, 2.0)),
        (b"pooldifficulty|1,", 132, ("wish", 1, None, None)),
    ],
)
def test_who_may_write_changes_things(command: bytes, code: int, change: object) -> None:
    reply, changes = told(command)
    assert b"STATUS=S" in reply or b'"STATUS":"S"' in reply
    assert b"Code=%d," % code in reply or b'"Code":%d,' % code in reply
    assert changes == [change]
    assert b"s,3" not in reply


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"switchpool", 25),
        (b"switchpool|2", 26),
        (b"switchpool|-1", 26),
        (b"switchpool|" + b"9" * 4000, 26),
        ("switchpool|\u0663".encode(), 26),
        (b"poolpriority|", 25),
        (b"poolpriority|0,x", 26),
        (b"poolpriority|0,1,0", 26),
        (b"enablepool|0", 49),
        (b"ascenable|0", 108),
        (b"ascenable", 15),
        (b"ascenable|7", 107),
        (b"ascdisable|1", 117),
        (b"check", 71),
        (b"ascset", 15),
        (b"ascset|7,threads,1", 107),
        (b"ascset|0", 116),
        (b"ascset|0,help", 118),
        (b"ascset|0,freq,500", 120),
        (b"ascset|1,threads,2", 120),
        (b"setconfig", 85),
        (b"setconfig|queue,1", 83),
        (b"setconfig|threads", 86),
        (b"addpool", 52),
        (b"addpool|stratum+tcp://c:3", 53),
        (b"addpool|,me,x", 53),
        (b"addpool|a,b,c,d", 53),
        (b"removepool", 25),
        (b"removepool|2", 26),
        (b"poolquota|0", 121),
        (b"poolquota|0,-1", 121),
        (b"poolquota|0,0", 26),
        (b"poolquota|2,1", 26),
        (b"pooldifficulty|0", 28),
        (b"pooldifficulty|0,1,2,3", 28),
    ],
)
def test_what_cannot_be_done_is_said(command: bytes, code: int) -> None:
    assert b"Code=%d," % code in told(command)[0]


def test_the_last_pool_stays() -> None:
    assert b"Code=51," in ask(Rig(), b"disablepool|0", Access.WRITE)
    assert b"Code=66," in ask(Rig(), b"removepool|0", Access.WRITE)


def test_check_tells_what_there_is_and_who_may() -> None:
    assert b"Exists=Y,Access=N" in told(b"check|quit", Access.READ)[0]
    assert b"Exists=Y,Access=Y" in told(b"check|quit")[0]
    assert b"Exists=N,Access=N" in told(b"check|restart")[0]


def test_changes_cannot_be_joined() -> None:
    reply, changes = told(b"version+quit")
    assert b"Code=45" in reply
    assert changes == []


def test_a_request_of_a_thousand_commands_is_answered_in_part() -> None:
    reply = told(b"+".join(b"x%d" % number for number in range(700)))[0]
    assert reply.count(b"CMD=") == MAX_JOINED


def test_special_characters_are_escaped_in_text() -> None:
    reply = told(b"pools")[0]
    assert b"URL=stratum+tcp://b\\,1:2," in reply
    assert b"User=me\\=2," in reply


def test_blanks_alone_are_no_command() -> None:
    assert json.loads(ask(world(), b'{"command":"++"}')[:-1])["STATUS"][0]["Code"] == 14
    assert b"Code=14," in ask(world(), b"+")


@example(b"+")
@given(st.binary(min_size=1, max_size=300))
def test_any_text_gets_a_reply(data: bytes) -> None:
    if not data.startswith(b"{"):
        assert ask(world(), data, Access.WRITE).endswith(b"|\0")
