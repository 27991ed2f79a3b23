from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.control import pmbus
from stampmill.core.errors import EncodingError
from tests.core.backends.asic.vectors import cases


@cases("pmbus")
def test_each_vector_both_ways(case: dict[str, Any]) -> None:
    word, value = int(case["word"], 16), case["value"]
    if case["format"] == "LINEAR11":
        assert pmbus.from_linear11(word) == case.get("decoded", value)
        assert pmbus.from_linear11(pmbus.linear11(value)) == case.get("decoded", value)
    else:
        exponent = pmbus.exponent_of(int(case.get("vout_mode", "97"), 16))
        assert exponent == -9
        assert pmbus.from_linear16(word, exponent) == pytest.approx(value, abs=2**-10)
        assert pmbus.linear16(value, exponent) == word
    if "i2c_write" in case:
        wire = bytes.fromhex(case["i2c_write"])
        assert pmbus.to_bytes(word) == wire[1:]
        assert pmbus.from_bytes(wire[1:]) == word


@cases("pmbus")
def test_our_linear11_words_are_mujinas(case: dict[str, Any]) -> None:
    if "i2c_write" in case and case["format"] == "LINEAR11":
        assert pmbus.linear11(case["value"]) == int(case["word"], 16)


@given(st.floats(-30_000, 30_000, allow_nan=False))
def test_linear11_is_within_half_a_step(value: float) -> None:
    word = pmbus.linear11(value)
    exponent = (word >> 11) - 32 if word >> 15 else word >> 11
    assert abs(pmbus.from_linear11(word) - value) <= 2.0**exponent / 2


@given(st.integers(0, 0xFFFF))
def test_every_linear11_word_survives(word: int) -> None:
    value = pmbus.from_linear11(word)
    assert pmbus.from_linear11(pmbus.linear11(value)) == value


@pytest.mark.parametrize("value", [1e9, -1e9])
def test_refuses_what_does_not_fit(value: float) -> None:
    with pytest.raises(EncodingError, match="LINEAR11"):
        pmbus.linear11(value)
    with pytest.raises(EncodingError, match="LINEAR16"):
        pmbus.linear16(value, -9)


def test_a_format_that_is_not_linear_has_no_exponent() -> None:
    assert pmbus.exponent_of(0x20) is None
    assert pmbus.exponent_of(0x17) == -9
