import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.errors import EncodingError
from stampmill.pool.node.wire import Reader, compact_size, sized


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, "00"),
        (252, "fc"),
        (253, "fdfd00"),
        (0xFFFF, "fdffff"),
        (0x10000, "fe00000100"),
        (0xFFFFFFFF, "feffffffff"),
        (1 << 32, "ff0000000001000000"),
    ],
)
def test_compact_size_at_its_edges(number: int, encoded: str) -> None:
    assert compact_size(number).hex() == encoded
    assert Reader(bytes.fromhex(encoded)).compact_size() == number


@given(st.integers(0, (1 << 64) - 1))
def test_compact_size_round_trip(number: int) -> None:
    assert Reader(compact_size(number)).compact_size() == number


@pytest.mark.parametrize("encoded", ["fdfc00", "feffff0000", "ffffffffff00000000"])
def test_count_in_a_longer_form_is_refused(encoded: str) -> None:
    with pytest.raises(EncodingError, match="shortest"):
        Reader(bytes.fromhex(encoded)).compact_size()


@given(st.binary(max_size=300), st.binary(max_size=5))
def test_sized_bytes_round_trip_with_rubbish_behind(data: bytes, rubbish: bytes) -> None:
    reader = Reader(sized(data) + rubbish)
    assert reader.sized() == data
    assert reader.remaining == len(rubbish)


def test_reading_past_the_end_is_refused() -> None:
    with pytest.raises(EncodingError, match="5 bytes wanted, 4 left"):
        Reader(bytes(4)).take(5)


def test_peek_does_not_move() -> None:
    reader = Reader(b"ab")
    assert (reader.peek(5), reader.take(2)) == (b"ab", b"ab")
