"""The listening side of TLS: handshakes that fail do so under a name.

asyncio's own server says nothing of them; so connections are accepted here, and each handshake is
a task of ours.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from stampmill.pool.endpoint import Endpoint
from stampmill.pool.server.events import HandshakeFault
from stampmill.pool.transport.faults import reason

_RETRY_SECONDS = 1.0
"""After an accept for which the system had no descriptor or memory left."""
_NEVER = 86_400.0
"""asyncio wants a limit for the handshake, but ours is the one that counts."""

OnFault = Callable[[HandshakeFault, str, str], None]
"""Told why a handshake failed, in words too, and whose it was."""


class TlsPort:
    """Accepts connections, and makes a protocol's connection of each good handshake.

    A handshake may take `limit` seconds, and `most` may be under way at a time.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        factory: Callable[[], asyncio.Protocol],
        on_fault: OnFault,
        *,
        limit: float,
        most: int,
    ) -> None:
        self._context = context
        self._factory = factory
        self._on_fault = on_fault
        self._limit = limit
        self._most = most
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._handshakes: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> tuple[str, int]:
        """Listen on every address of a host; return the first. Raise OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                self._sockets.append(_listening(family, address))
        except OSError:
            self.close()
            raise
        self._accepting = [asyncio.create_task(self._accept(each)) for each in self._sockets]
        address = self._sockets[0].getsockname()
        return str(address[0]), int(address[1])

    def close(self) -> None:
        """Stop listening, and end the handshakes that are under way."""
        for task in (*self._accepting, *self._handshakes):
            task.cancel()
        for each in self._sockets:
            # Else the selector would hold a descriptor that means another socket tomorrow.
            asyncio.get_running_loop().remove_reader(each)
            each.close()
        self._sockets = []

    async def wait_closed(self) -> None:
        """Wait until nothing is under way any more."""
        await asyncio.gather(*self._accepting, *self._handshakes, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, address = await loop.sock_accept(listener)
            except OSError as error:
                self._on_fault(HandshakeFault.NOT_ACCEPTED, reason(error), "")
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._begin(sock, _place(address))
            # An accept that need not wait lets nobody else run.
            await asyncio.sleep(0)

    def _begin(self, sock: socket.socket, peer: str) -> None:
        if len(self._handshakes) >= self._most:
            sock.close()
            self._on_fault(HandshakeFault.TOO_MANY, "too many handshakes at a time", peer)
            return
        task = asyncio.create_task(self._shake_hands(sock, peer))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, sock: socket.socket, peer: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limit):
                await loop.connect_accepted_socket(
                    self._factory, sock, ssl=self._context, ssl_handshake_timeout=_NEVER
                )
        except TimeoutError:
            text = f"not done within {self._limit:g} s"
            self._on_fault(HandshakeFault.TIMED_OUT, text, peer)
        except OSError as error:
            self._on_fault(fault_of(error), reason(error), peer)


def fault_of(error: OSError) -> HandshakeFault:
    """Return the name of what went wrong in a handshake, by OpenSSL's name for it."""
    if not isinstance(error, ssl.SSLError):
        return HandshakeFault.HUNG_UP
    why = error.reason or ""
    if isinstance(error, ssl.SSLEOFError):
        return HandshakeFault.HUNG_UP
    if "ALERT" in why:
        return HandshakeFault.REFUSED
    if _has(_NOT_TLS, why):
        return HandshakeFault.NOT_TLS
    return HandshakeFault.NOTHING_IN_COMMON if _has(_MISFIT, why) else HandshakeFault.BROKEN


# OpenSSL's include/openssl/sslerr.h; which of them plain text causes depends on its first bytes.
_NOT_TLS = (
    "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG",
    "UNEXPECTED_MESSAGE", "RECORD_LAYER_FAILURE", "BAD_RECORD_TYPE", "INVALID_RECORD",
)  # fmt: skip
_MISFIT = (
    "UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "NO_SUITABLE", "NO_PROTOCOLS", "VERSION_TOO_LOW",
    "INAPPROPRIATE_FALLBACK",
)  # fmt: skip


def _has(names: Iterable[str], why: str) -> bool:
    return any(name in why for name in names)


def _listening(family: int, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.create_server(address, family=family, backlog=1024)
    sock.setblocking(False)
    return sock


def _place(address: tuple[Any, ...]) -> str:
    return Endpoint(str(address[0]), int(address[1])).place
