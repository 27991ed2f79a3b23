import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.pool.stratum.drops import Drop, UnusableMessageError
from stampmill.pool.stratum.json_line import decode_line, encode_line, printable, shown

NOT_JSON = {
    "words": b"hello",
    "half an object": b'{"id":1,',
    "two objects": b'{"id":1}{"id":2}',
    "invalid UTF-8": b'{"id":"\xff\xfe"}',
    "lone surrogate": rb'{"id":"\ud800"}',
    "byte order mark": b'\xef\xbb\xbf{"id":1}',
    "NaN": b'{"id":NaN}',
    "infinity": b'{"id":-Infinity}',
    "an exponent beyond floats": b'{"id":1e999}',
    "an endless exponent": b'{"id":1e' + b"9" * 1000 + b"}",
    "5000 digits": b'{"id":' + b"9" * 5000 + b"}",
    "a megabyte of digits": b'{"id":' + b"9" * 1_000_000 + b"}",
    "a megabyte of brackets": b"[" * 1_000_000,
    "a megabyte of nested objects": b'{"a":' * 200_000,
    "a zero byte": b'{"id":"\x00"}',
}


@pytest.mark.parametrize("line", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_one_typed_error(line: bytes) -> None:
    with pytest.raises(UnusableMessageError) as caught:
        decode_line(line)
    assert caught.value.drop is Drop.NOT_JSON
    assert len(str(caught.value)) < 150
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("line", [b"1", b"null", b"true", b'"x"', b"[]", b"[[1,2]]", b"1.5"])
def test_what_is_no_object_is_one_typed_error(line: bytes) -> None:
    with pytest.raises(UnusableMessageError) as caught:
        decode_line(line)
    assert caught.value.drop is Drop.NOT_AN_OBJECT


def outcome(line: bytes) -> type | Drop:
    """Return what became of a line; let every untyped exception out."""
    try:
        return type(decode_line(line))
    except UnusableMessageError as error:
        return error.drop


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(line: bytes) -> None:
    assert outcome(line) in {dict, Drop.NOT_JSON, Drop.NOT_AN_OBJECT}


def test_an_object_comes_back_from_its_line() -> None:
    message = {"id": 1, "method": "m", "params": ["é", 0.5, None, True, [{}]]}
    line = encode_line(message)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert decode_line(line) == message


def test_what_is_shown_of_a_line_is_short_and_printable() -> None:
    assert shown(b"plain") == "plain"
    assert shown(b"\x1b[31mred") == " [31mred"
    assert shown(b"x" * 5000) == "x" * 80 + "..."
    assert printable("a\nb\u202ec") == "a b c"
