import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stampmill.core.chain import target
from stampmill.core.errors import EncodingError
from tests.core.vectors import VECTORS, Vector, named

targets = st.integers(1, target.MAX_TARGET)
pool_difficulties = st.floats(1e-9, 1e30)

valid_compact = [entry for entry in VECTORS["compact_bits"] if not entry["negative"]]


def as_digest(number: int) -> bytes:
    return number.to_bytes(32, "little")


@pytest.mark.parametrize("vector", valid_compact, ids=lambda entry: entry["why"])
def test_target_of_a_known_nbits(vector: Vector) -> None:
    assert f"{target.target_from_nbits(int(vector['bits'], 16)):064x}" == vector["target"]


@pytest.mark.parametrize(
    "vector", [v for v in valid_compact if int(v["target"], 16)], ids=lambda v: v["why"]
)
def test_nbits_and_difficulty_of_a_known_target(vector: Vector) -> None:
    number = int(vector["target"], 16)
    assert f"{target.nbits_from_target(number):08x}" == vector["bits"]
    assert target.difficulty_of_target(number) == vector["difficulty_1_ffff0000"]


@pytest.mark.parametrize("vector", named("headers"))
def test_target_and_difficulties_of_a_known_header(vector: Vector) -> None:
    number = target.target_from_nbits(int(vector["bits"], 16))
    digest = bytes.fromhex(vector["hash"])[::-1]
    assert f"{number:064x}" == vector["target"]
    assert target.difficulty_of_target(number) == vector["network_difficulty"]
    assert target.difficulty_of_hash(digest) == vector["hash_difficulty"]
    assert target.meets_target(digest, number)


@pytest.mark.parametrize("number", [Decimal, float, Fraction])
@pytest.mark.parametrize("vector", named("share_targets", "difficulty"))
def test_target_of_a_known_difficulty_however_it_was_read(
    vector: Vector, number: Callable[[str], target.Difficulty]
) -> None:
    share_target = target.target_from_difficulty(number(vector["difficulty"]))
    assert f"{share_target:064x}" == vector["target"]
    assert target.expected_hashes(share_target) == vector["expected_hashes"]


# nBits


@given(targets)
def test_the_compact_form_rounds_down_by_less_than_its_mantissa_resolves(number: int) -> None:
    compact = target.target_from_nbits(target.nbits_from_target(number))
    assert compact <= number
    assert number - compact <= number >> 15


@given(st.integers(3, 32), st.integers(0x8000, 0x7FFFFF))
def test_a_canonical_nbits_survives_the_round_trip(exponent: int, mantissa: int) -> None:
    assert target.nbits_from_target(mantissa << 8 * (exponent - 3)) == exponent << 24 | mantissa


@given(st.integers(0, 34), st.integers(0, 0x7FFFFF))
def test_an_nbits_means_mantissa_times_a_power_of_256(exponent: int, mantissa: int) -> None:
    meant = math.floor(mantissa * Fraction(256) ** (exponent - 3))
    assume(meant <= target.MAX_TARGET)
    assert target.target_from_nbits(exponent << 24 | mantissa) == meant


def test_the_compact_form_of_zero_is_zero() -> None:
    assert target.nbits_from_target(0) == 0
    assert target.target_from_nbits(0) == 0


@pytest.mark.parametrize("nbits", [0x04923456, 0x1D80FFFF, 0x20FFFFFF])
def test_a_negative_nbits_is_refused(nbits: int) -> None:
    with pytest.raises(EncodingError, match="negative"):
        target.target_from_nbits(nbits)


@pytest.mark.parametrize("nbits", [0x21010000, 0x22000100, 0x23000001, 0xFF7FFFFF])
def test_an_nbits_above_the_largest_target_is_refused(nbits: int) -> None:
    with pytest.raises(EncodingError, match="above"):
        target.target_from_nbits(nbits)


@pytest.mark.parametrize("nbits", [-1, 1 << 32, 0x1D00FFFF << 99])
def test_an_nbits_of_more_than_32_bits_is_refused(nbits: int) -> None:
    with pytest.raises(EncodingError, match="32 bits"):
        target.target_from_nbits(nbits)


# Difficulty


@given(st.decimals(Decimal("1e-9"), Decimal("1e40"), allow_nan=False))
def test_a_target_is_the_floor_of_the_exact_quotient(difficulty: target.Difficulty) -> None:
    exact = Fraction(difficulty)
    share_target = target.target_from_difficulty(difficulty)
    assert share_target * exact <= target.DIFFICULTY_1_TARGET or share_target == target.MAX_TARGET
    assert (share_target + 1) * exact > target.DIFFICULTY_1_TARGET


@given(pool_difficulties)
def test_a_float_means_the_decimal_that_was_written(difficulty: target.Difficulty) -> None:
    assert target.exact_difficulty(difficulty) == Fraction(repr(difficulty))


@given(pool_difficulties, pool_difficulties)
def test_a_higher_difficulty_never_has_an_easier_target(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert target.target_from_difficulty(low) >= target.target_from_difficulty(high)


@given(targets)
def test_a_hash_meets_exactly_its_own_difficulty(number: int) -> None:
    difficulty = Fraction(target.DIFFICULTY_1_TARGET, number)
    assume(difficulty <= target.DIFFICULTY_1_TARGET)
    assert target.target_from_difficulty(difficulty) == number
    assert target.difficulty_of_hash(as_digest(number)) == float(difficulty)


@given(targets)
def test_a_hash_equal_to_the_target_meets_it_and_one_above_does_not(number: int) -> None:
    assert target.meets_target(as_digest(number), number)
    assert not target.meets_target(as_digest(number), number - 1)


@pytest.mark.parametrize("difficulty", [1e-10, 1e-300, 5e-324, Decimal("1e-999999999")])
def test_a_tiny_difficulty_is_met_by_every_hash(difficulty: target.Difficulty) -> None:
    assert target.target_from_difficulty(difficulty) == target.MAX_TARGET


@pytest.mark.parametrize(
    "difficulty",
    [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")],
)
def test_a_difficulty_that_is_no_number_is_refused(difficulty: target.Difficulty) -> None:
    with pytest.raises(EncodingError, match="finite"):
        target.target_from_difficulty(difficulty)


@pytest.mark.parametrize(
    "difficulty", [0, 0.0, -0.0, -1, -1e-300, Decimal("0e999999"), Decimal("-1e999999999"), False]
)
def test_a_difficulty_not_above_zero_is_refused(difficulty: target.Difficulty) -> None:
    with pytest.raises(EncodingError, match="above zero"):
        target.target_from_difficulty(difficulty)


@pytest.mark.parametrize("difficulty", [1e68, 1e300, Decimal("1e999999999"), 10**99])
def test_a_difficulty_that_no_hash_meets_is_refused(difficulty: target.Difficulty) -> None:
    with pytest.raises(EncodingError, match="no hash"):
        target.target_from_difficulty(difficulty)


@pytest.mark.parametrize(
    "difficulty",
    [10**5000, -(10**5000), Fraction(10**5000, 3), Decimal("1" * 5000)],
    ids=["int", "negative", "fraction", "decimal"],
)
def test_five_thousand_digits_are_refused_in_one_short_line(difficulty: target.Difficulty) -> None:
    with pytest.raises(EncodingError) as caught:
        target.target_from_difficulty(difficulty)
    assert len(str(caught.value)) < 100


def test_five_thousand_decimals_are_read_exactly() -> None:
    third = Decimal("0." + "3" * 5000)
    assert target.target_from_difficulty(third) == 3 * target.DIFFICULTY_1_TARGET


def test_the_largest_difficulty_leaves_a_target_of_one() -> None:
    assert target.target_from_difficulty(target.DIFFICULTY_1_TARGET) == 1


def test_a_target_of_zero_is_infinitely_difficult() -> None:
    assert target.difficulty_of_target(0) == math.inf
    assert target.expected_hashes(0) == 2.0**256


def test_every_hash_meets_the_largest_target() -> None:
    assert target.expected_hashes(target.MAX_TARGET) == 1.0
    assert target.meets_target(b"\xff" * 32, target.MAX_TARGET)
