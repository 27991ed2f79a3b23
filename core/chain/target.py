"""nBits, target and difficulty: the only place with that arithmetic.

A target is an int below 2**256; a hash, read as a little-endian number, meets it when it is not
above. Difficulty 1 is 0xffff * 2**208, as pools and nodes have it ("bdiff"). All of it is exact:
a difficulty is read as the decimal that was written, never as the binary float nearest to it.
"""

import math
from decimal import Decimal
from fractions import Fraction

from stampmill.core.errors import EncodingError

DIFFICULTY_1_TARGET = 0xFFFF << 208
MAX_TARGET = (1 << 256) - 1

Difficulty = int | float | Decimal | Fraction

# Below it every hash is a share; 1e-300 means no less.
_SMALLEST = Fraction(1, 1 << 64)

_SHOWN_DIGITS = 40


def target_from_difficulty(difficulty: Difficulty) -> int:
    """Return the share target floor(0xffff * 2**208 / difficulty), at most 2**256 - 1.

    Raise EncodingError for zero, negative, NaN, infinite, or so large that nothing would meet it.
    """
    return min(math.floor(DIFFICULTY_1_TARGET / exact_difficulty(difficulty)), MAX_TARGET)


def exact_difficulty(difficulty: Difficulty) -> Fraction:
    """Return the difficulty as the exact fraction of its decimal text.

    Raise EncodingError for what `target_from_difficulty` refuses.
    """
    number = Decimal(repr(difficulty)) if isinstance(difficulty, float) else difficulty
    if isinstance(number, Decimal) and not number.is_finite():
        raise EncodingError(f"a difficulty is a finite number, not {difficulty}")
    if number <= 0:
        raise EncodingError(f"a difficulty is above zero, not {_shown(difficulty)}")
    # Compared before it becomes a fraction: as one, the decimal 1e999999999 would fill the memory.
    if number > DIFFICULTY_1_TARGET:
        raise EncodingError(f"no hash can meet difficulty {_shown(difficulty)}")
    return Fraction(number) if number > _SMALLEST else _SMALLEST


def difficulty_of_target(target: int) -> float:
    """Return the difficulty whose target this is."""
    return DIFFICULTY_1_TARGET / target if target else math.inf


def difficulty_of_hash(digest: bytes) -> float:
    """Return the highest difficulty that this hash (header order) meets."""
    return difficulty_of_target(int.from_bytes(digest, "little"))


def meets_target(digest: bytes, target: int) -> bool:
    """Tell whether a hash in header order is at most the target."""
    return int.from_bytes(digest, "little") <= target


def expected_hashes(target: int) -> float:
    """Return how many hashes it takes on average to meet the target."""
    return (1 << 256) / (target + 1)


def target_from_nbits(nbits: int) -> int:
    """Return the network target of a compact nBits; raise EncodingError if negative or too large.

    The top byte is the exponent, bit 23 the sign, the low 23 bits the mantissa.
    """
    if not 0 <= nbits < 1 << 32:
        raise EncodingError(f"nBits is an unsigned number of 32 bits, not {_shown(nbits)}")
    exponent, mantissa = nbits >> 24, nbits & 0x7FFFFF
    if nbits & 0x800000 and mantissa:
        raise EncodingError(f"nBits {nbits:08x} is a negative target")
    shift = 8 * (exponent - 3)
    target = mantissa << shift if shift >= 0 else mantissa >> -shift
    if target > MAX_TARGET:
        raise EncodingError(f"nBits {nbits:08x} is a target above 2**256 - 1")
    return target


def nbits_from_target(target: int) -> int:
    """Return the compact form of a target, losing what a 23-bit mantissa cannot hold."""
    size = (target.bit_length() + 7) // 8
    mantissa = target >> 8 * (size - 3) if size > 3 else target << 8 * (3 - size)
    if mantissa & 0x800000:
        mantissa >>= 8
        size += 1
    return size << 24 | mantissa


def _shown(number: Difficulty) -> str:
    try:
        text = str(number)
    except ValueError:  # more digits than Python turns into text
        return "of thousands of digits"
    return text if len(text) <= _SHOWN_DIGITS else f"{text[:_SHOWN_DIGITS]}..."
