"""Bytes to JSON objects, the same for both sides: framing, guarded decoding, no TLS, no HTTP."""

import re
from collections.abc import Callable

from stampmill.pool.stratum.drops import BrokenStreamError, Drop
from stampmill.pool.stratum.framing import LineReader, LineTooLongError
from stampmill.pool.stratum.json_line import Json, decode_line

_TLS_RECORDS = frozenset((0x15, 0x16))  # alert and handshake (RFC 8446 section 5.1)
# No JSON text begins with a control character or the middle of a UTF-8 one; 0xEF may be a mark.
_BINARY = frozenset((*range(0x20), *range(0x7F, 0x100))) - {*b"\t\n\r", 0xEF}
_HTTP = re.compile(rb"([A-Z]{3,10} \S* )?HTTP/\d")


class Inbox:
    """Takes bytes and returns objects; `limit` is the most bytes a line may have.

    `on_line` is shown every line that is not empty, before anything is made of it.
    """

    __slots__ = ("_on_line", "_reader", "_seen_bytes", "_seen_line")

    def __init__(self, limit: int, on_line: Callable[[bytes], None] | None = None) -> None:
        self._reader = LineReader(limit)
        self._on_line = on_line
        self._seen_bytes = False
        self._seen_line = False

    def set_limit(self, limit: int) -> None:
        """Change the limit from the next line on."""
        self._reader.limit = limit

    def feed(self, data: bytes) -> None:
        """Take bytes as they came; raise BrokenStreamError where the first tells of no text."""
        if data and not self._seen_bytes:
            self._seen_bytes = True
            if data[0] in _TLS_RECORDS:
                raise BrokenStreamError(
                    Drop.NOT_STRATUM, "the other side speaks TLS (stratum+ssl://)"
                )
            if data[0] in _BINARY:
                raise BrokenStreamError(Drop.NOT_STRATUM, "the other side does not speak Stratum")
        self._reader.feed(data)

    def clear(self) -> None:
        """Forget what was not read: the connection is over, and may have sent megabytes."""
        self._reader.clear()

    def next_message(self) -> dict[str, Json] | None:
        """Return the next object or None; raise UnusableMessageError or BrokenStreamError."""
        try:
            line = self._reader.next_line()
        except LineTooLongError as error:
            raise BrokenStreamError(Drop.LINE_TOO_LONG, str(error)) from error
        if line is None:
            return None
        if self._on_line is not None:
            self._on_line(line)
        self._check_first(line)
        return decode_line(line)

    def _check_first(self, line: bytes) -> None:
        if not self._seen_line:
            self._seen_line = True
            if _HTTP.match(line):
                raise BrokenStreamError(Drop.NOT_STRATUM, "the other side speaks HTTP")
