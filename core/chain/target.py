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

# A difficulty beyond these is no pool's: 1e300 would give a target of zero, 1e-300 no bound at all.
_SMALLEST = Fraction(1, 1 << 64)


def target_from_difficulty(difficulty: Difficulty) -> int:
    """Return the share target floor(0xffff * 2**208 / difficulty), at most 2**256 - 1.

    Raise EncodingError for zero, negative, NaN, infinite, or so large that nothing would meet it.
    """
    exact = exact_difficulty(difficulty)
    target = math.floor(DIFFICULTY_1_TARGET / exact)
    if target == 0:
        raise EncodingError(f"no hash can meet difficulty {difficulty}")
    return min(target, MAX_TARGET)


def exact_difficulty(difficulty: Difficulty) -> Fraction:
    """Return the difficulty as the exact fraction of its decimal text; raise EncodingError."""
    if isinstance(difficulty, float):
        if not math.isfinite(difficulty):
            raise EncodingError(f"a difficulty is a finite number, not {difficulty}")
        exact = Fraction(repr(difficulty))
    elif isinstance(difficulty, Decimal) and not difficulty.is_finite():
        raise EncodingError(f"a difficulty is a finite number, not {difficulty}")
    else:
        exact = Fraction(difficulty)
    if exact <= 0:
        raise EncodingError(f"a difficulty is above zero, not {difficulty}")
    return max(exact, _SMALLEST)


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
