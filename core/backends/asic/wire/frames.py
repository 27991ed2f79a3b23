"""Frames out of a stream of bytes that may begin anywhere and be damaged anywhere."""

from collections.abc import Callable
from typing import Generic, TypeVar

from stampmill.core.backends.asic.wire.commands import (
    TO_CHIP,
    Command,
    command_size,
    decode_command,
)
from stampmill.core.backends.asic.wire.jobs import (
    FullJob,
    JobForm,
    MidstateJob,
    decode_job,
    job_size,
)
from stampmill.core.backends.asic.wire.replies import (
    LONG_REPLY,
    SHORT_REPLY,
    TO_HOST,
    Reply,
    decode_reply,
)

Request = Command | FullJob | MidstateJob
"""What a host sends."""

_MARKER = 2
_Frame = TypeVar("_Frame")


class _Reader(Generic[_Frame]):
    """Cuts frames behind a start marker; a bad one costs the bytes up to the next marker.

    Markers inside a frame that is whole do not count. `discarded` counts the bytes that belonged to
    no frame, `damaged` the markers behind which no good frame stood.
    """

    def __init__(self, marker: bytes) -> None:
        self.discarded = 0
        self.damaged = 0
        self._marker = marker
        self._buffer = bytearray()

    @property
    def pending(self) -> bytes:
        """What may still become a frame."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[_Frame]:
        """Return the frames that these bytes complete."""
        self._buffer += data
        return self._cut(self._cut_one)

    def _cut(self, cut_one: Callable[[], tuple[_Frame | None, int]]) -> list[_Frame]:
        frames = []
        while self._skip_to_marker():
            frame, size = cut_one()
            if size == 0:
                break
            if frame is not None:
                frames.append(frame)
            else:
                self.damaged += 1
                self.discarded += size
            del self._buffer[:size]
        return frames

    def _cut_one(self) -> tuple[_Frame | None, int]:
        """Return the frame in front and its size, or None and the bytes to drop; 0: need more."""
        raise NotImplementedError

    def _skip_to_marker(self) -> bool:
        """Drop what is in front of the next marker; tell whether there is one."""
        at = self._buffer.find(self._marker)
        if at < 0:
            # The last byte may be the first half of a marker.
            half = self._buffer.endswith(self._marker[:1])
            self._drop(len(self._buffer) - half)
            return False
        self._drop(at)
        return True

    def _drop(self, count: int) -> None:
        self.discarded += count
        del self._buffer[:count]


class RequestReader(_Reader[Request]):
    """The chip's side: commands and jobs of one form."""

    def __init__(self, form: JobForm) -> None:
        super().__init__(TO_CHIP)
        self._form = form

    def _cut_one(self) -> tuple[Request | None, int]:
        if len(self._buffer) < _MARKER + 2:
            return None, 0
        head = bytes(self._buffer[: _MARKER + 2])
        if size := command_size(head):
            return self._decoded(size, decode_command)
        if size := job_size(head, self._form):
            return self._decoded(size, lambda frame: decode_job(frame, self._form))
        return None, _MARKER

    def _decoded(
        self, size: int, decode: Callable[[bytes], Request | None]
    ) -> tuple[Request | None, int]:
        if len(self._buffer) < size:
            return None, 0
        request = decode(bytes(self._buffer[:size]))
        return (request, size) if request is not None else (None, _MARKER)


class ReplyReader(_Reader[Reply]):
    """The host's side: replies of 9 bytes, 11 bytes, or whichever of both they turn out to be.

    With both sizes a short reply at the end of the stream could be the beginning of a long one:
    `flush` says that nothing more comes.
    """

    def __init__(self, sizes: tuple[int, ...] = (SHORT_REPLY, LONG_REPLY)) -> None:
        super().__init__(TO_HOST)
        self.sizes = sizes

    def flush(self) -> list[Reply]:
        """Return the frames in what is left, now that the line is quiet; keep the rest."""
        return self._cut(self._cut_last) if len(self.sizes) > 1 else []

    def _cut_one(self) -> tuple[Reply | None, int]:
        if len(self._buffer) < max(self.sizes):
            return None, 0
        if len(self.sizes) > 1 and self._next_marker_follows(SHORT_REPLY):
            # CRC5 alone would take one in 32 of these for a long reply.
            short = self._reply(SHORT_REPLY)
            if short is not None:
                return short, SHORT_REPLY
        return self._first_good(max(self.sizes))

    def _cut_last(self) -> tuple[Reply | None, int]:
        if len(self._buffer) < min(self.sizes):
            return None, 0
        return self._first_good(len(self._buffer))

    def _first_good(self, available: int) -> tuple[Reply | None, int]:
        for size in sorted(self.sizes, reverse=True):
            if size <= available and (reply := self._reply(size)) is not None:
                return reply, size
        return None, _MARKER

    def _reply(self, size: int) -> Reply | None:
        return decode_reply(bytes(self._buffer[:size]))

    def _next_marker_follows(self, size: int) -> bool:
        return self._buffer[size : size + _MARKER] == TO_HOST
