"""Servers on loopback to connect to, and what they saw."""

import asyncio
import ctypes
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stampmill.core.settings import PoolSettings, Timeouts
from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint, parse_pool_url
from stampmill.pool.transport.connect import Route
from stampmill.pool.transport.route import plan_route
from tests.pool.loopback import Changes, turns


class Peer(Changes):
    """Accepts connections and keeps what they send."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.received = b""
        self.transports: list[asyncio.Transport] = []
        self.on_data: Callable[[asyncio.Transport, bytes], None] = lambda *_: None

    @property
    def connections(self) -> int:
        return len(self.transports)


class _PeerSide(asyncio.Protocol):
    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer.transports.append(transport)
        self._peer.changed()

    def data_received(self, data: bytes) -> None:
        self._peer.received += data
        self._peer.on_data(self._transport, data)
        self._peer.changed()


@asynccontextmanager
async def listening(
    tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Peer]:
    peer = Peer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _PeerSide(peer), host, 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        await turns()
        for transport in peer.transports:
            transport.abort()
        await turns()


class Client(asyncio.Protocol):
    """Says hello as soon as it is let to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""
        self.arrived = asyncio.Event()
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        transport.write(b"hello\n")

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


def route_to(url: str, egress: Egress | None = None, **settings: object) -> tuple[Endpoint, Route]:
    """Return the endpoint of a URL and the route that these settings give."""
    endpoint = parse_pool_url(url).endpoint
    pool = PoolSettings(url, **settings)  # type: ignore[arg-type]
    return endpoint, plan_route(pool, endpoint, egress, Timeouts())


def resolving_to(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, int]) -> list[str]:
    """Let every name have these addresses; return the names that are asked for."""
    asked: list[str] = []

    async def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "",
             (address, port))
            for address, port in found
        ]  # fmt: skip

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


def fall_silent(transport: asyncio.Transport) -> None:
    """Drop every packet to a socket before TCP sees it, as if its machine had vanished."""
    # One instruction of classic BPF, `ret #0`: keep no byte of it (Linux filter.rst).
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    attach = struct.pack("HL", 1, ctypes.addressof(program))
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attach)


_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; the socket module has no name for it

needs_half_open_lines = pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="half-open lines are made by Linux alone"
)
