"""The guardian's ear for its miner: orders by the line, and when there will be no more."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from stampmill.core.backends.asic.guardian.channel import Channel
from stampmill.core.backends.asic.guardian.messages import (
    SILENCE_SECONDS,
    Order,
    Report,
    decode_order,
    encode,
)

_MAX_LINE = 4096
"""Far longer than any order."""


class MinerGoneError(Exception):
    """The miner closed its end, fell silent, or talks nonsense."""


class OrderPipe:
    """Orders in, reports out. No method blocks beyond its `seconds`."""

    def __init__(self, channel: Channel, now: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._now = now
        self._buffer = b""
        self._waiting: deque[Order] = deque()
        self._heard = now()

    def wait(self, seconds: float) -> Order | None:
        """Return the next order, None if none comes in time; raise MinerGoneError."""
        end = self._now() + seconds
        while not self._waiting:
            left = end - self._now()
            self._listen(max(0.0, left))
            if left <= 0:
                break
        return self._waiting.popleft() if self._waiting else None

    def pause(self, seconds: float) -> None:
        """Let time pass and keep what is ordered meanwhile; raise MinerGoneError."""
        end = self._now() + seconds
        self._listen(0.0)
        while (left := end - self._now()) > 0:
            self._listen(left)

    def tell(self, report: Report) -> None:
        """Report; a miner that does not read, or is gone, misses it."""
        with suppress(OSError):
            self._channel.write(encode(report))

    def _listen(self, seconds: float) -> None:
        silent = self._now() - self._heard
        if silent >= SILENCE_SECONDS:
            raise MinerGoneError(f"the miner has been silent for {silent:.0f} s")
        self._channel.wait(min(seconds, SILENCE_SECONDS - silent))
        try:
            data = self._channel.read()
        except EOFError:
            raise MinerGoneError("the miner has ended") from None
        if data:
            self._heard = self._now()
            self._take(data)

    def _take(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _MAX_LINE:
            raise MinerGoneError("the miner sends what is no order")
        for line in lines:
            try:
                self._waiting.append(decode_order(line))
            except msgspec.DecodeError as error:
                raise MinerGoneError(f"the miner sends what is no order: {error}") from error
