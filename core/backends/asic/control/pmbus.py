"""PMBus numbers: LINEAR11 and LINEAR16, and the words of a bus on which the low byte goes first.

PMBus specification part II, section 7 (LINEAR11) and 8.3 (VOUT_MODE).
"""

from stampmill.core.errors import EncodingError

_MANTISSA_MAX = 1023
_SMALLEST_EXPONENT = -16
_LARGEST_EXPONENT = 15


def linear11(value: float) -> int:
    """Return the 16-bit word nearest to a value; the finest exponent that holds it.

    Raise EncodingError beyond +-1023 * 2**15.
    """
    if value == 0:
        return 0
    for exponent in range(_SMALLEST_EXPONENT, _LARGEST_EXPONENT + 1):
        mantissa = round(value * 2.0**-exponent)
        if -_MANTISSA_MAX - 1 <= mantissa <= _MANTISSA_MAX:
            return (exponent & 0x1F) << 11 | mantissa & 0x7FF
    raise EncodingError(f"{value} does not fit PMBus LINEAR11")


def from_linear11(word: int) -> float:
    """Return a word's value: 5-bit signed exponent, 11-bit signed mantissa."""
    return float(_signed(word & 0x7FF, 11) * 2.0 ** _signed(word >> 11, 5))


def linear16(value: float, exponent: int) -> int:
    """Return the unsigned word of an output voltage; raise EncodingError where it has none."""
    word = round(value * 2.0**-exponent)
    if not 0 <= word <= 0xFFFF:
        raise EncodingError(f"{value} does not fit PMBus LINEAR16 with exponent {exponent}")
    return word


def from_linear16(word: int, exponent: int) -> float:
    """Return a word's value in volts."""
    return float(word * 2.0**exponent)


def exponent_of(vout_mode: int) -> int | None:
    """Return the exponent that VOUT_MODE states, None where its format is not linear.

    Bit 7 (relative limits) is set on the boards here: 97 means -9.
    """
    return _signed(vout_mode & 0x1F, 5) if (vout_mode >> 5) & 3 == 0 else None


def to_bytes(word: int) -> bytes:
    """Return a word as the bus carries it."""
    return word.to_bytes(2, "little")


def from_bytes(data: bytes) -> int:
    """Return the word that the bus carried."""
    return int.from_bytes(data, "little")


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number
