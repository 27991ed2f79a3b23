"""A line's two directions as times: every byte takes ten bits, one after the other."""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from random import Random

from stampmill.core.backends.asic.wire.commands import TO_CHIP
from stampmill.core.emulator.device import Sent

_BITS = 10


class Chunking(Enum):
    """How a host's system hands over what arrives."""

    FRAMES = "frames"
    """Each frame when its last byte is there."""
    BYTES = "split-reads"
    """Every byte by itself."""
    RANDOM = "random-reads"
    """Cut anywhere."""
    USB = "usb-packets"
    """An FTDI bridge: 62 bytes at a time, or what there is after 16 ms."""


_USB_BYTES = 62
_USB_SECONDS = 0.016


class Inbound:
    """Bytes on their way to the device: a frame is there when its last byte is."""

    def __init__(self) -> None:
        self._busy_until = 0.0
        self._queue: deque[tuple[float, bytes, float]] = deque()

    @property
    def next_at(self) -> float | None:
        """When the next bytes will have arrived."""
        return self._queue[0][0] if self._queue else None

    def push(self, data: bytes, now: float, baud: float) -> None:
        """Take what the host wrote at a baud rate."""
        at = max(now, self._busy_until)
        for piece in _split_before(data, TO_CHIP):
            at += len(piece) * _BITS / baud
            self._queue.append((at, piece, baud))
        self._busy_until = at

    def pop(self, now: float) -> Iterator[tuple[float, bytes, float]]:
        """Yield what has arrived by now: when, what, and at which baud rate it was sent."""
        while self._queue and self._queue[0][0] <= now:
            yield self._queue.popleft()


class Outbound:
    """Bytes on their way to the host, whole frames one after the other."""

    def __init__(self, chunking: Chunking, random: Random) -> None:
        self._chunking = chunking
        self._random = random
        self._busy_until = 0.0
        self._queue: deque[tuple[float, bytes]] = deque()

    @property
    def next_at(self) -> float | None:
        """When the host gets the next bytes."""
        if not self._queue:
            return None
        first = self._queue[0][0]
        return self._usb_at(first) if self._chunking is Chunking.USB else first

    @property
    def waiting(self) -> int:
        """How many bytes are on their way."""
        return sum(len(piece) for _, piece in self._queue)

    def push(self, sent: Sent) -> None:
        """Take what the device sends; it waits until the line is free."""
        at = max(sent.at, self._busy_until)
        for piece in self._cut(sent.data):
            at += len(piece) * _BITS / sent.baud
            self._queue.append((at, piece))
        self._busy_until = at

    def pop(self, now: float) -> list[bytes]:
        """Return what the host can read by now, cut as its system would."""
        if self._chunking is Chunking.USB:
            return self._packets(now)
        pieces = []
        while self._queue and self._queue[0][0] <= now:
            pieces.append(self._queue.popleft()[1])
        return pieces

    def _cut(self, data: bytes) -> list[bytes]:
        if self._chunking is Chunking.FRAMES or len(data) < 2:
            return [data]
        if self._chunking is Chunking.RANDOM:
            at = self._random.randrange(1, len(data))
            return [data[:at], data[at:]]
        return [data[i : i + 1] for i in range(len(data))]

    def _usb_at(self, first: float) -> float:
        if len(self._queue) >= _USB_BYTES:
            return min(first + _USB_SECONDS, self._queue[_USB_BYTES - 1][0])
        return first + _USB_SECONDS

    def _packets(self, now: float) -> list[bytes]:
        packets = []
        while (at := self.next_at) is not None and at <= now:
            packet = b""
            while self._queue and self._queue[0][0] <= at and len(packet) < _USB_BYTES:
                packet += self._queue.popleft()[1]
            packets.append(packet)
        return packets


def _split_before(data: bytes, marker: bytes) -> list[bytes]:
    """Cut data so that each piece but the first begins with a marker."""
    pieces = data.split(marker)
    return [piece for piece in (pieces[0], *(marker + rest for rest in pieces[1:])) if piece]
