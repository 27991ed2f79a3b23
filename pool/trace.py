"""Showing the lines of a connection to people, without secrets."""

from collections.abc import Callable
from enum import Enum

from stampmill.pool.stratum.drops import UnusableMessageError
from stampmill.pool.stratum.json_line import decode_line, encode_line
from stampmill.pool.stratum.requests import Authorize


class Direction(Enum):
    """Which way a line went."""

    SENT = "sent"
    RECEIVED = "received"


Trace = Callable[[Direction, bytes], None]
"""Called with each line, without its end."""


def redacted(line: bytes) -> bytes:
    """Return a sent line with the password of an authorize request replaced."""
    if Authorize.METHOD.encode() not in line:
        return line
    try:
        message = decode_line(line)
    except UnusableMessageError:
        return b"(unreadable authorize)"
    if message.get("method") == Authorize.METHOD:
        message["params"] = [*message["params"][:1], "***"]
    return encode_line(message).rstrip(b"\n")
