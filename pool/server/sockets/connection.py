"""A session on a socket: asyncio's side of it."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from stampmill.pool.server.chaos.catalogue import Chaos
from stampmill.pool.server.chaos.link import ChaosLink
from stampmill.pool.server.events import CloseReason
from stampmill.pool.server.pool_core import PoolCore
from stampmill.pool.server.session import MinerSession

SYSTEM_BUFFER = 64 * 1024

LINGER = 2.0
"""Seconds that a closed connection has left to read its last lines."""


class MinerConnection(asyncio.Protocol):
    """Feeds one session and writes for it; never waits for a slow reader."""

    def __init__(
        self,
        core: PoolCore,
        loop: asyncio.AbstractEventLoop,
        chaos: Chaos | None = None,
        on_open: Callable[["MinerConnection"], None] = lambda _connection: None,
    ) -> None:
        self._core = core
        self._loop = loop
        self._chaos = chaos
        self._on_open = on_open
        self._link: ChaosLink | None = None
        self._transport: asyncio.Transport | None = None
        self._session: MinerSession | None = None
        self.peer = ""
        self.gone: asyncio.Future[None] = loop.create_future()
        """Done when the socket is closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the session, or hang up if there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        self._on_open(self)
        self.peer = _address(transport.get_extra_info("peername"))
        _prepare(transport.get_extra_info("socket"))
        self._link = None if self._chaos is None else self._chaos.link(self)
        self._session = self._core.connect(self._link or self, self._core.now())
        if self._session is None:
            self._transport.abort()
        elif self._link is not None:
            self._link.opened(self._session)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        taker = self._link or self._session
        if taker is not None:
            taker.receive(data, self._core.now())

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the session."""
        del exc
        if self._session is not None:
            self._core.disconnect(self._session)
            self._session = None
        if self._chaos is not None and self._link is not None:
            self._chaos.unlink(self._link)
        self.gone.set_result(None)

    def write(self, data: bytes) -> None:
        """Send bytes; drop a reader that leaves too many of them unread."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > self._core.options.send_limit:
            if self._session is not None:
                self._session.close(CloseReason.SLOW_READER)
            transport.abort()

    def close(self) -> None:
        """End the connection; what it has not read within two seconds is lost."""
        if self._transport is not None:
            self._transport.close()
            self._loop.call_later(LINGER, self._transport.abort)

    def stop_reading(self) -> None:
        """Leave what comes in the system's buffers from now on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()


def _address(peer: object) -> str:
    """Return host:port of an IPv4 or IPv6 socket address."""
    if not isinstance(peer, tuple) or len(peer) < 2:
        return ""
    host, port = peer[0], peer[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def _prepare(sock: socket.socket | None) -> None:
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # Else the system would buffer megabytes for a slow reader before we notice.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SYSTEM_BUFFER)
