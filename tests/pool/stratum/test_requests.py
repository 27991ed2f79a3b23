import pytest

from stampmill.pool.stratum.fields import FieldError
from stampmill.pool.stratum.json_line import Json, decode_line
from stampmill.pool.stratum.messages import (
    ClientRequest,
    UnknownMethod,
    encode,
    read_id,
    read_request,
)
from stampmill.pool.stratum.notifications import Ping
from stampmill.pool.stratum.requests import (
    Authorize,
    Configure,
    ExtranonceSubscribe,
    GetTransactions,
    Submit,
    Subscribe,
    SuggestDifficulty,
    SuggestTarget,
)

from .vectors import SHARE_NAMES, SHARES

WIRE: list[tuple[ClientRequest, bytes]] = [
    (
        Configure(0x1FFFE000, 2, 0.5, subscribe_extranonce=True, info=(("sw-version", "1"),)),
        b'{"id":7,"method":"mining.configure","params":[["version-rolling","minimum-difficulty",'
        b'"subscribe-extranonce","info"],{"version-rolling.mask":"1fffe000",'
        b'"version-rolling.min-bit-count":2,"minimum-difficulty.value":0.5,'
        b'"info.sw-version":"1"}]}\n',
    ),
    (Subscribe("miner/1.0"), b'{"id":7,"method":"mining.subscribe","params":["miner/1.0"]}\n'),
    (
        Subscribe("miner/1.0", "5ca1ab1e"),
        b'{"id":7,"method":"mining.subscribe","params":["miner/1.0","5ca1ab1e"]}\n',
    ),
    (Authorize("u.w", "d=1"), b'{"id":7,"method":"mining.authorize","params":["u.w","d=1"]}\n'),
    (
        Submit("u", "bf", bytes.fromhex("00000001"), 0x504E86ED, 0xB2957C02),
        b'{"id":7,"method":"mining.submit","params":["u","bf","00000001","504e86ed","b2957c02"]}\n',
    ),
    (
        Submit("u", "Bf", b"", 1, 2, 0),
        b'{"id":7,"method":"mining.submit",'
        b'"params":["u","Bf","","00000001","00000002","00000000"]}\n',
    ),
    (SuggestDifficulty(512.0), b'{"id":7,"method":"mining.suggest_difficulty","params":[512]}\n'),
    (SuggestDifficulty(0.01), b'{"id":7,"method":"mining.suggest_difficulty","params":[0.01]}\n'),
    (
        SuggestTarget(0xFFFF << 208),
        b'{"id":7,"method":"mining.suggest_target","params":["00000000ffff' + b"0" * 52 + b'"]}\n',
    ),
    (ExtranonceSubscribe(), b'{"id":7,"method":"mining.extranonce.subscribe","params":[]}\n'),
    (GetTransactions("bf"), b'{"id":7,"method":"mining.get_transactions","params":["bf"]}\n'),
    (Ping(), b'{"id":7,"method":"mining.ping","params":[]}\n'),
]


@pytest.mark.parametrize(("request_", "line"), WIRE, ids=lambda value: type(value).__name__)
def test_each_request_is_written_and_read_the_same(request_: ClientRequest, line: bytes) -> None:
    assert encode(request_, 7) == line
    message = decode_line(line)
    assert read_request(message) == request_
    assert read_id(message) == 7


@pytest.mark.parametrize("case", SHARES, ids=SHARE_NAMES)
def test_known_submits_survive_a_round_trip(case: dict[str, Json]) -> None:
    assert Submit.from_params(case["submit"]).params() == case["submit"]


def test_a_submit_is_read_in_either_case_and_with_prefixes() -> None:
    plain = Submit("u", "Job", b"\xab\xcd", 0x504E86ED, 0xB2957C02, 0x2000)
    odd = ["u", "Job", "0xABCD", "0x504E86ED", "B2957C02", "2000", "extra"]
    assert Submit.from_params(odd) == plain


@pytest.mark.parametrize(
    "params",
    [
        [],
        ["u", "j", "00", "00"],
        [None, "j", "00", "0", "0"],
        ["u", "", "00", "0", "0"],
        ["u", "j\n", "00", "0", "0"],
        ["u", "j" * 129, "00", "0", "0"],
        ["u", "j", "0", "0", "0"],
        ["u", "j", "zz", "0", "0"],
        ["u", "j", "0 0 ", "0", "0"],
        ["u", "j", "00" * 17, "0", "0"],
        ["u", "j", "00", "100000000", "0"],
        ["u", "j", "00", "-1", "0"],
        ["u", "j", "00", "0", " 1"],
        ["u", "j", "00", "0", "1_0"],
        ["u", "j", "00", "0", "9" * 5000],
        ["u", "j", "00", "0", 10**4000],
        ["u", "j", "00", "0", "0", []],
        ["u", "j", "00", True, "0"],
        ["u" * 2000, "j", "00", "0", "0"],
    ],
)
def test_a_bad_submit_is_refused(params: list[Json]) -> None:
    with pytest.raises(FieldError):
        Submit.from_params(params)


def test_configure_is_read_from_what_miners_really_send() -> None:
    assert Configure.from_params([]) == Configure()
    assert Configure.from_params([["version-rolling"]]).version_mask == 0x1FFFE000
    values = {"version-rolling.mask": "0xFFFF", "version-rolling.min-bit-count": "two"}
    asked = Configure.from_params([["version-rolling", "x-new"], values])
    assert (asked.version_mask, asked.min_bit_count) == (0xFFFF, 2)
    assert asked.unknown == ("x-new",)


@pytest.mark.parametrize(
    "params",
    [
        ["version-rolling"],
        [["version-rolling"], {"version-rolling.mask": "rubbish"}],
        [["version-rolling"], []],
        [["minimum-difficulty"], {}],
        [["minimum-difficulty"], {"minimum-difficulty.value": -1}],
        [[None]],
        [[{}]],
    ],
)
def test_a_bad_configure_is_refused(params: list[Json]) -> None:
    with pytest.raises(FieldError):
        Configure.from_params(params)


def test_subscribe_and_authorize_take_missing_and_extra_parameters() -> None:
    assert Subscribe.from_params([]) == Subscribe()
    assert Subscribe.from_params(["m", None, "host", 3333]) == Subscribe("m")
    assert Authorize.from_params(["u"]) == Authorize("u")
    assert Authorize.from_params(["u", None]) == Authorize("u")
    assert Authorize.from_params([1234, 5]) == Authorize("1234", "5")


def test_a_password_is_never_shown() -> None:
    assert "hunter2" not in repr(Authorize("user", "hunter2"))


def test_a_suggested_target_is_a_difficulty() -> None:
    assert SuggestTarget((0xFFFF << 208) // 512).difficulty == pytest.approx(512)
    with pytest.raises(FieldError):
        SuggestTarget.from_params(["0" * 64])


def test_a_suggestion_may_come_as_a_string() -> None:
    assert SuggestDifficulty.from_params(["512"]) == SuggestDifficulty(512.0)
    assert SuggestDifficulty.from_params(["5e-3", "extra"]) == SuggestDifficulty(0.005)


@pytest.mark.parametrize(
    "value", [None, 0, -1, True, "", "nan", "inf", "-1", [], {}, 10**4000, "9" * 100, 1e300]
)
def test_an_impossible_suggestion_is_refused(value: Json) -> None:
    with pytest.raises(FieldError):
        SuggestDifficulty.from_params([value])


def test_an_unknown_method_keeps_its_name_printable() -> None:
    assert read_request({"method": "mining.\x1b[2J"}) == UnknownMethod("mining. [2J")
