"""Lines out of a byte stream, in any segmentation, bounded and in linear time."""

CLIENT_LINE_LIMIT = 16 * 1024
"""What a server takes from a client in one line; also a client's limit until it has subscribed."""
SERVER_LINE_LIMIT = 1024 * 1024
"""What a client takes once subscribed: a notify with many outputs is tens of kilobytes."""


class LineTooLongError(Exception):
    """The peer sent more than the limit without an end of line; the connection is of no use."""


class LineReader:
    """Collects bytes and hands out whole lines without their LF or CR LF; skips empty ones.

    `limit` is the most bytes a line may have. It may be changed between two lines.
    """

    __slots__ = ("_buffer", "_searched", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        self._buffer += data

    def next_line(self) -> bytes | None:
        """Return the next line, or None until more bytes come; raise LineTooLongError."""
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end < 0:
                # What has been searched is never searched again, however small the segments.
                self._searched = len(self._buffer)
                self._check(self._searched)
                return None
            self._check(end)
            if line := self._take(end):
                return line

    def clear(self) -> None:
        """Forget what was not handed out."""
        self._buffer = bytearray()
        self._searched = 0

    def unfinished(self) -> int:
        """Return how many bytes wait for the end of their line."""
        return len(self._buffer)

    def _take(self, end: int) -> bytes:
        line = bytes(memoryview(self._buffer)[:end])
        # A bytearray moves its start instead of its content, so this costs the line, not the rest.
        del self._buffer[: end + 1]
        self._searched = 0
        return line.removesuffix(b"\r")

    def _check(self, size: int) -> None:
        if size > self.limit:
            raise LineTooLongError(f"a line of more than {self.limit} bytes")
