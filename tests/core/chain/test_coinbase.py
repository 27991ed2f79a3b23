import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain.coinbase import height_in, height_push
from stampmill.core.errors import EncodingError
from tests.core.vectors import Vector, named


@pytest.mark.parametrize("vector", named("bip34", "height"))
def test_push_of_a_known_height(vector: Vector) -> None:
    assert height_push(vector["height"]).hex() == vector["script_prefix"]


@given(st.integers(17, 0x7FFFFFFF))
def test_a_push_is_the_shortest_signed_number(height: int) -> None:
    push = height_push(height)
    assert push[0] == len(push) - 1
    assert int.from_bytes(push[1:], "little", signed=True) == height
    with pytest.raises(OverflowError):
        height.to_bytes(len(push) - 2, "little", signed=True)


def test_a_negative_height_is_refused() -> None:
    with pytest.raises(EncodingError, match="-1"):
        height_push(-1)


def coinbase1(script: bytes) -> bytes:
    return bytes([2, 0, 0, 0, 1, *bytes(32), *b"\xff" * 4, len(script)]) + script


@given(st.integers(0, 0x7FFFFFFF))
def test_the_height_is_read_out_of_a_coinbase(height: int) -> None:
    assert height_in(coinbase1(height_push(height) + b"/pool/")) == height


@pytest.mark.parametrize("script", [b"", b"\x03\x01\x02", b"\x09" + bytes(9), b"\xff" * 9])
def test_no_height_is_made_up(script: bytes) -> None:
    assert height_in(coinbase1(script)) is None
    assert height_in(b"coinbase1") is None
