"""Keeps clients of the HTTP port in bounds: so many at once, and so long for one request."""

import asyncio
from collections.abc import Callable
from typing import Any

PATIENCE = 10.0
"""Seconds for a request to come and its reply to be taken; a connection serves one."""
MAX_CLIENTS = 256


class Guard:
    """Makes protocols that are aiohttp's, within bounds."""

    def __init__(
        self, new_protocol: Callable[[], asyncio.Protocol], *, patience: float = PATIENCE
    ) -> None:
        self.turned_away = 0
        self._new_protocol = new_protocol
        self._patience = patience
        self._timers: dict[Any, asyncio.TimerHandle] = {}

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Guarded(self, self._new_protocol())

    def admit(self, transport: asyncio.Transport) -> bool:
        """Tell whether there is room for one more, and begin to count its time."""
        if len(self._timers) >= MAX_CLIENTS:
            self.turned_away += 1
            return False
        loop = asyncio.get_running_loop()
        self._timers[transport] = loop.call_later(self._patience, transport.abort)
        return True

    def let_stay(self, transport: object) -> None:
        """Count the time of a connection no more: what it is sent has no end."""
        if transport in self._timers:
            self._timers[transport].cancel()

    def leave(self, transport: object) -> None:
        """Forget a connection."""
        if transport in self._timers:
            self._timers.pop(transport).cancel()


class _Guarded(asyncio.Protocol):
    """Passes everything on, except connections that there is no room for."""

    def __init__(self, guard: Guard, inner: asyncio.Protocol) -> None:
        self._guard = guard
        self._inner = inner
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what asyncio gives for TCP
        if not self._guard.admit(transport):
            transport.abort()
            return
        self._transport = transport
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._transport is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._guard.leave(self._transport)
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
