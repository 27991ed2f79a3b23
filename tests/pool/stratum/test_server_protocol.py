import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.pool.stratum.answers import Answer
from stampmill.pool.stratum.drops import Drop
from stampmill.pool.stratum.messages import UnknownMethod, encode, encode_result
from stampmill.pool.stratum.notifications import Ping
from stampmill.pool.stratum.requests import Authorize, Submit, Subscribe, SuggestDifficulty
from stampmill.pool.stratum.server_protocol import (
    Answered,
    BadRequest,
    Broken,
    Requested,
    ServerEvent,
    ServerProtocol,
    Unusable,
)

SUBMIT = Submit("u", "bf", b"\x00\x01", 1, 2, 3)
STREAM = b"".join(
    (
        encode(Subscribe("m"), 1),
        b"\r\n",
        encode(Authorize("u", "p"), "two"),
        encode(SUBMIT, 4),
        encode_result(9, "m/1"),
    )
)
EVENTS: list[ServerEvent] = [
    Requested(1, Subscribe("m")),
    Requested("two", Authorize("u", "p")),
    Requested(4, SUBMIT),
    Answered(Answer(9, "m/1")),
]


def feed_all(protocol: ServerProtocol, segments: list[bytes]) -> list[ServerEvent]:
    return [event for segment in segments for event in protocol.feed(segment)]


def test_a_session_is_read_whole_and_byte_by_byte() -> None:
    assert ServerProtocol().feed(STREAM) == EVENTS
    assert feed_all(ServerProtocol(), [bytes([byte]) for byte in STREAM]) == EVENTS


@given(st.integers(0, len(STREAM)))
def test_a_truncated_session_gives_its_whole_lines(cut: int) -> None:
    whole_lines = STREAM[:cut].count(b"}\n")
    assert ServerProtocol().feed(STREAM[:cut]) == EVENTS[:whole_lines]


@given(st.binary(max_size=300).map(lambda data: b"?" + data))
def test_rubbish_before_a_session_costs_only_itself(rubbish: bytes) -> None:
    events = ServerProtocol().feed(rubbish + b"\n" + STREAM)
    assert events[-4:] == EVENTS
    assert all(isinstance(event, Unusable) for event in events[:-4])


@given(st.binary(min_size=1, max_size=300))
def test_a_stream_that_cannot_be_text_is_broken_at_its_first_byte(data: bytes) -> None:
    text = data[:1].isascii() and (data[:1].decode().isprintable() or data[:1] in b"\t\n\r")
    broken = any(isinstance(event, Broken) for event in ServerProtocol().feed(data[:1]))
    assert broken is not (text or data[:1] == b"\xef")


@pytest.mark.parametrize("line_id", [b"null", b'"a"', b"1.5", b"3", b"true"])
def test_an_id_comes_out_as_it_stood(line_id: bytes) -> None:
    line = b'{"id":' + line_id + b',"method":"mining.ping","params":null}\n'
    (event,) = ServerProtocol().feed(line)
    assert isinstance(event, Requested)
    assert event.request == Ping()
    assert line_id in encode_result(event.id, "pong")


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'{"method":"mining.subscribe"}', Requested(None, Subscribe())),
        (b'{"id":1,"method":"mining.subscribe","params":null}', Requested(1, Subscribe())),
        (
            b'{"id":1,"method":"mining.multi_version","params":[4]}',
            Requested(1, UnknownMethod("mining.multi_version")),
        ),
        (
            b'{"id":1,"method":"mining.suggest_difficulty","params":["64"]}',
            Requested(1, SuggestDifficulty(64.0)),
        ),
    ],
)
def test_tolerated_requests(line: bytes, event: ServerEvent) -> None:
    assert ServerProtocol().feed(line + b"\n") == [event]


@pytest.mark.parametrize(
    ("line", "method"),
    [
        (b'{"id":1,"method":"mining.submit","params":["u","j"]}', "mining.submit"),
        (b'{"id":1,"method":"mining.submit","params":{"u":"j"}}', "mining.submit"),
        (b'{"id":1,"method":"mining.authorize","params":[]}', "mining.authorize"),
        (b'{"id":1,"method":"mining.configure","params":[5]}', "mining.configure"),
    ],
)
def test_bad_parameters_are_to_be_answered_and_the_connection_kept(
    line: bytes, method: str
) -> None:
    protocol = ServerProtocol()
    (event,) = protocol.feed(line + b"\n")
    assert isinstance(event, BadRequest)
    assert (event.id, event.method, event.drop) == (1, method, Drop.BAD_PARAMETERS)
    assert protocol.feed(STREAM) == EVENTS


@pytest.mark.parametrize(
    ("line", "drop"),
    [
        (b"hello", Drop.NOT_JSON),
        (b"[1]", Drop.NOT_AN_OBJECT),
        (b"{}", Drop.NOT_A_MESSAGE),
        (b'{"id":[],"method":"mining.ping"}', Drop.NOT_A_MESSAGE),
        (b'{"id":1,"method":5}', Drop.NOT_A_MESSAGE),
        (b"[" * 16_000, Drop.NOT_JSON),
    ],
)
def test_a_line_that_is_no_message_is_counted_and_the_connection_kept(
    line: bytes, drop: Drop
) -> None:
    protocol = ServerProtocol()
    (event,) = protocol.feed(line + b"\n")
    assert isinstance(event, Unusable)
    assert event.drop is drop
    assert protocol.feed(STREAM) == EVENTS


CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + b"\n{}\n"


@pytest.mark.parametrize(
    "first",
    [
        CLIENT_HELLO,
        b"GET / HTTP/1.1\r\nHost: pool\r\n\r\n",
        b"POST /api HTTP/1.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    ],
)
def test_tls_and_http_are_dropped_at_once(first: bytes) -> None:
    for segments in ([first], [bytes([byte]) for byte in first]):
        protocol = ServerProtocol()
        (event,) = feed_all(protocol, segments)
        assert isinstance(event, Broken)
        assert event.drop is Drop.NOT_STRATUM
        assert protocol.broken
        assert protocol.feed(STREAM) == []


def test_a_client_hello_is_known_by_its_first_byte() -> None:
    assert ServerProtocol().feed(b"\x16") == [
        Broken(Drop.NOT_STRATUM, "the other side speaks TLS (stratum+ssl://)")
    ]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_beyond_16_kib_breaks_the_stream_but_not_what_came_before(end: bytes) -> None:
    protocol = ServerProtocol()
    events = protocol.feed(STREAM + b"x" * (16 * 1024 + 1) + end + STREAM)
    assert events[:-1] == EVENTS
    assert isinstance(events[-1], Broken)
    assert events[-1].drop is Drop.LINE_TOO_LONG
    assert protocol.feed(STREAM) == []


def test_the_limit_is_configurable() -> None:
    assert ServerProtocol(1024).feed(b"x" * 1025)[0] == Broken(
        Drop.LINE_TOO_LONG, "a line of more than 1024 bytes"
    )
