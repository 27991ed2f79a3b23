"""One JSON object a line, decoded without ever trusting it."""

from typing import Any

import msgspec

from stampmill.pool.stratum.drops import Drop, UnusableMessageError

Json = Any
"""A value as it came out of JSON: whoever reads it has to look at its type."""

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def decode_line(line: bytes) -> dict[str, Json]:
    """Return the object in a line; raise UnusableMessageError for everything else."""
    try:
        value = _decoder.decode(line)
    except (ValueError, RecursionError, OverflowError) as error:
        # DecodeError and UnicodeDecodeError are ValueErrors; deep nesting is a RecursionError.
        raise UnusableMessageError(Drop.NOT_JSON, f"not JSON: {shown(line)}") from error
    if not isinstance(value, dict):
        raise UnusableMessageError(Drop.NOT_AN_OBJECT, f"not an object: {shown(line)}")
    return value


def encode_line(message: dict[str, Json]) -> bytes:
    """Return the object as one line with its end."""
    return _encoder.encode(message) + b"\n"


def shown(line: bytes, limit: int = 80) -> str:
    """Return the start of a line, safe to print."""
    text = printable(line[: 4 * limit].decode("utf-8", "replace"))
    return text if len(text) <= limit and len(line) <= 4 * limit else text[:limit] + "..."


def printable(text: str) -> str:
    """Return the text with every character that could steer a terminal replaced by a blank."""
    if text.isprintable():  # nearly always, and many times as fast as to look at each character
        return text
    return "".join(char if char.isprintable() else " " for char in text)
