"""Tolerant reading of single values: numbers as strings, `0x` prefixes, missing tails.

Each function raises FieldError for what cannot be meant.
"""

import math
from collections.abc import Sequence

from stampmill.core.chain.target import target_from_difficulty
from stampmill.core.errors import EncodingError
from stampmill.pool.stratum.json_line import Json

MAX_JOB_ID = 128
MAX_EXTRANONCE1 = 64
MAX_EXTRANONCE2 = 16
MAX_BRANCH = 32
"""A block of 4 million weight units holds far fewer than 2**32 transactions."""
MAX_COINBASE = 100_000
"""Bytes in both coinbase parts together; a long coinbase once overflowed a vendor's miner."""
MAX_TEXT = 1024

_INT_TEXT_LIMIT = 24


class FieldError(ValueError):
    """A value is missing, of the wrong type or out of range."""


def at(params: Sequence[Json], index: int) -> Json:
    """Return a parameter, or None where the list is shorter."""
    return params[index] if index < len(params) else None


def read_text(value: Json, limit: int = MAX_TEXT) -> str:
    """Return a string of at most `limit` characters; a number counts as its digits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 64:
        return str(value)
    if not isinstance(value, str):
        raise FieldError("not a string")
    if len(value) > limit:
        raise FieldError(f"longer than {limit} characters")
    return value


def read_optional_text(value: Json, limit: int = MAX_TEXT) -> str | None:
    """Return a string, or None for null, nothing and the empty string."""
    return None if value is None or value == "" else read_text(value, limit)


def read_job_id(value: Json) -> str:
    """Return a job id: opaque, not empty, printable, at most 128 characters."""
    job_id = read_text(value, MAX_JOB_ID)
    if not job_id or not job_id.isprintable():
        raise FieldError("a job id that is empty or not printable")
    return job_id


def read_hex(value: Json, most: int) -> bytes:
    """Return the bytes of a hex string, at most so many."""
    if not isinstance(value, str):
        raise FieldError("not a hex string")
    digits = value[2:] if value[:2] in {"0x", "0X"} else value
    if len(digits) > 2 * most:
        raise FieldError(f"more than {most} bytes")
    try:
        data = bytes.fromhex(digits)
    except ValueError as error:
        raise FieldError("not hex") from error
    if 2 * len(data) != len(digits):  # fromhex skips blanks
        raise FieldError("not hex")
    return data


def read_hash(value: Json) -> bytes:
    """Return exactly 32 bytes."""
    data = read_hex(value, 32)
    if len(data) != 32:
        raise FieldError("a hash of other than 32 bytes")
    return data


def read_u32_hex(value: Json) -> int:
    """Return an unsigned 32-bit number written in hex; fewer digits and a plain number pass."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _in_range(value, 0xFFFFFFFF)
    if not isinstance(value, str) or not value.isascii() or not value.isalnum():
        raise FieldError("not a hex number")
    if len(value) > _INT_TEXT_LIMIT:
        raise FieldError("too many digits")
    try:
        number = int(value, 16)
    except ValueError as error:
        raise FieldError("not a hex number") from error
    return _in_range(number, 0xFFFFFFFF)


def read_int(value: Json, most: int) -> int:
    """Return an integer 0..most; `4.0` and `"4"` pass."""
    if isinstance(value, str) and value.isascii() and len(value) <= _INT_TEXT_LIMIT:
        value = _number(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise FieldError("not an integer")
    return _in_range(value, most)


def read_flag(value: Json) -> bool:
    """Return a boolean; null and nothing are false, 0 and 1 and their strings pass."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str):
        return value.strip().lower() in {"true", "1"}
    if isinstance(value, int | float):
        return value != 0
    raise FieldError("not a boolean")


def read_difficulty(value: Json) -> float:
    """Return a difficulty above zero whose target is above zero."""
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError("not a number")
    try:
        difficulty = float(value)
        target_from_difficulty(difficulty)
    except (EncodingError, OverflowError) as error:
        raise FieldError("no possible difficulty") from error
    return difficulty


def read_list(value: Json) -> list[Json]:
    """Return a list; null and nothing are an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError("not a list")
    return value


def _number(text: str) -> float:
    if len(text) > 64:
        raise FieldError("too many digits")
    try:
        number = float(text)
    except ValueError as error:
        raise FieldError("not a number") from error
    if not math.isfinite(number):
        raise FieldError("not a finite number")
    return number


def _in_range(value: int, most: int) -> int:
    if not 0 <= value <= most:
        raise FieldError(f"not in 0..{most}")
    return value
