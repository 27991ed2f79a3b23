"""Keeps clients of the HTTP port in bounds: so many at once, and so long for one request."""

import asyncio
from collections.abc import Callable
from typing import Any

from stampmill.core.operate.front import Said
from stampmill.core.operate.web.polls import Polls, looks_like_http, refusal

PATIENCE = 10.0
"""Seconds for a request to come and its reply to be taken; a connection serves one."""
MAX_CLIENTS = 256
MAX_HEAD = 16384
"""Bytes of a request without an end that aiohttp is to judge."""


class Guard:
    """Makes protocols that are aiohttp's, within bounds."""

    def __init__(
        self, new_protocol: Callable[[], asyncio.Protocol], *, patience: float = PATIENCE
    ) -> None:
        self.turned_away = 0
        self._new_protocol = new_protocol
        self._patience = patience
        self._timers: dict[Any, asyncio.TimerHandle] = {}
        self._heard: dict[Any, bytes] = {}

    def protocol(self, heard: bytes) -> asyncio.Protocol:
        """Return the protocol of a connection over which that much has come."""
        return _Guarded(self, self._new_protocol(), heard)

    def has_room(self, waiting: int) -> bool:
        """Tell whether there is room for one more client besides so many that wait outside."""
        if len(self._timers) + waiting < MAX_CLIENTS:
            return True
        self.turned_away += 1
        return False

    def enter(self, transport: asyncio.Transport, heard: bytes) -> None:
        """Begin to count a connection's time."""
        loop = asyncio.get_running_loop()
        self._timers[transport] = loop.call_later(self._patience, transport.abort)
        self._heard[transport] = heard

    def heard(self, transport: object) -> bytes:
        """Return all that came over a connection, as long as it came in one piece."""
        return self._heard.get(transport, b"")

    def hears_more(self, transport: object) -> None:
        """Take note that there is more than one piece."""
        self._heard.pop(transport, None)

    def let_stay(self, transport: object) -> None:
        """Count the time of a connection no more: what it is sent has no end."""
        if transport in self._timers:
            self._timers[transport].cancel()

    def leave(self, transport: object) -> None:
        """Forget a connection."""
        self._heard.pop(transport, None)
        if transport in self._timers:
            self._timers.pop(transport).cancel()


class HttpCaller:
    """Our side of one connection: answers what was answered before, leaves the rest to aiohttp."""

    def __init__(self, polls: Polls, guard: Guard) -> None:
        self._polls = polls
        self._guard = guard
        self._data = b""

    def feed(self, data: bytes) -> Said | None:
        """Take what came; wait for the head of a request to be whole."""
        self._data += data
        if not looks_like_http(self._data):
            return refusal("this is no HTTP request\n")
        if b"\r\n\r\n" not in self._data and len(self._data) < MAX_HEAD:
            return None
        return self._polls.reply(self._data) or self._guard.protocol(self._data)

    def end(self) -> bytes:
        """Say nothing to who said only half of a request."""
        return b""


class _Guarded(asyncio.Protocol):
    """Passes everything on, and begins with what has been heard."""

    def __init__(self, guard: Guard, inner: asyncio.Protocol, heard: bytes) -> None:
        self._guard = guard
        self._inner = inner
        self._begin = heard
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what asyncio gives for TCP
        self._transport = transport
        self._guard.enter(transport, self._begin)
        self._inner.connection_made(transport)
        self._inner.data_received(self._begin)

    def data_received(self, data: bytes) -> None:
        self._guard.hears_more(self._transport)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.leave(self._transport)
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
