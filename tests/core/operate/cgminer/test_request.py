import json

from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.operate.cgminer.request import MAX_REQUEST, Fault, Request, RequestReader

_words = st.text(max_size=20)
_parameters = st.one_of(st.none(), _words, st.integers(), st.booleans())


def read(*parts: bytes) -> Request | None:
    reader = RequestReader()
    found = None
    for part in parts:
        assert found is None
        found = reader.feed(part)
    return found


def test_json_is_answered_without_a_newline_or_an_end() -> None:
    assert read(b'{"command":"summary"}') == Request("summary", as_json=True)


def test_text_is_answered_after_the_first_read() -> None:
    assert read(b"asc|1") == Request("asc", "1")
    assert read(b"summary\r\n\0") == Request("summary")


def test_a_parameter_may_be_text_or_a_number() -> None:
    assert read(b'{"command":"asc","parameter":1}') == Request("asc", "1", as_json=True)
    assert read(b'{"command":"asc","parameter":"1"}') == Request("asc", "1", as_json=True)


@given(_words.filter(bool), _parameters)
def test_json_may_come_byte_by_byte(command: str, parameter: object) -> None:
    data = json.dumps({"command": command, "parameter": parameter, "x": {"}": '"'}}).encode()
    found = read(*(bytes([byte]) for byte in data))
    assert found == read(data)
    assert found is not None
    assert (found.command, found.fault) == (command, None)


def test_braces_in_strings_end_nothing() -> None:
    assert read(b'{"command":"}') is None
    assert read(b'{"command":"}', b'\\"}"', b"}") == Request('}"}', as_json=True)


def test_what_is_no_json_is_said_to_be_none_as_soon_as_it_closes() -> None:
    for data in (b"{}}", b'{"command":summary}', b'{"command":"a"]}', b'{"a":"\xff"}'):
        found = read(data)
        assert found is not None
        assert found.fault in {Fault.INVALID_JSON, Fault.MISSING_COMMAND}


def test_a_request_without_a_command_is_told_so() -> None:
    for data in (b'{"parameter":"1"}', b'{"command":1}', b'{"command":""}'):
        assert read(data) == Request("", as_json=True, fault=Fault.MISSING_COMMAND)


def test_a_request_without_an_end_is_cut_off_at_four_kilobytes() -> None:
    reader = RequestReader()
    assert reader.feed(b"{" * MAX_REQUEST) is None
    assert reader.feed(b"{") == Request("", as_json=True, fault=Fault.TOO_LONG)


def test_a_client_that_stops_half_way_is_told_so() -> None:
    reader = RequestReader()
    assert reader.end() is None
    reader.feed(b'{"command"')
    assert reader.end() == Request("", as_json=True, fault=Fault.INVALID_JSON)


@given(st.binary(max_size=5000))
def test_any_bytes_are_a_request_or_wait_for_more(data: bytes) -> None:
    found = read(data)
    assert found is not None or data == b"" or data[:1] == b"{"
