"""Bytes to JSON objects, the same for both sides: framing, sniffing, guarded decoding."""

from stampmill.pool.stratum.drops import BrokenStreamError, Drop
from stampmill.pool.stratum.framing import LineReader, LineTooLongError
from stampmill.pool.stratum.json_line import Json, decode_line
from stampmill.pool.stratum.sniffing import is_http, is_tls


class Inbox:
    """Takes bytes and returns objects; `limit` is the most bytes a line may have."""

    __slots__ = ("_reader", "_seen_bytes", "_seen_line")

    def __init__(self, limit: int) -> None:
        self._reader = LineReader(limit)
        self._seen_bytes = False
        self._seen_line = False

    @property
    def limit(self) -> int:
        """The most bytes a line may have; may be changed between two messages."""
        return self._reader.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._reader.limit = limit

    def feed(self, data: bytes) -> None:
        """Take bytes as they came; raise BrokenStreamError for TLS."""
        if data and not self._seen_bytes:
            self._seen_bytes = True
            if is_tls(data):
                raise BrokenStreamError(Drop.NOT_STRATUM, "the other side speaks TLS")
        self._reader.feed(data)

    def next_message(self) -> dict[str, Json] | None:
        """Return the next object or None; raise UnusableMessageError or BrokenStreamError."""
        try:
            line = self._reader.next_line()
        except LineTooLongError as error:
            raise BrokenStreamError(Drop.LINE_TOO_LONG, str(error)) from error
        if line is None:
            return None
        self._sniff(line)
        return decode_line(line)

    def _sniff(self, line: bytes) -> None:
        if not self._seen_line:
            self._seen_line = True
            if is_http(line):
                raise BrokenStreamError(Drop.NOT_STRATUM, "the other side speaks HTTP")
