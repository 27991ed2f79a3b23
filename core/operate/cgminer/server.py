"""The TCP side of the API: one request a connection, and patience with nobody."""

import asyncio
from collections.abc import Callable

from stampmill.core.operate.access import Access, AccessList, Door
from stampmill.core.operate.cgminer.answers import Answers
from stampmill.core.operate.cgminer.request import Request, RequestReader

PATIENCE = 5.0
"""Seconds for a request to come, and for its reply to be taken."""
MAX_CLIENTS = 256
"""At once; more are turned away."""


class ApiServer:
    """Listens, answers, hangs up. Peers that the access list does not name hear nothing."""

    def __init__(
        self, answers: Answers, access: AccessList | Door, *, patience: float = PATIENCE
    ) -> None:
        self.turned_away = 0
        """Connections that nobody answered: too many at once, or not on the list."""
        self._answers = answers
        self._access = access
        self._patience = patience
        self._clients: set[_Client] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Begin; return where. Raise OSError if the port cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), host, port, backlog=128)
        address = self._server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.abort()
        if self._server is not None:
            await self._server.wait_closed()

    def admit(self, client: "_Client", address: str) -> Access:
        """Return what a new client may do."""
        access = self._access.of(address)
        if access is Access.NONE or len(self._clients) >= MAX_CLIENTS:
            self.turned_away += 1
            return Access.NONE
        self._clients.add(client)
        return access

    def leave(self, client: "_Client") -> None:
        """Forget a client."""
        self._clients.discard(client)

    def reply(self, request: Request, access: Access, peer: str) -> bytes:
        """Return the answer to a client's request."""
        return self._answers.to(request, access, peer)

    def later(self, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Call when patience is at its end."""
        return asyncio.get_running_loop().call_later(self._patience, act)


class _Client(asyncio.Protocol):
    """One connection: reads till there is a request, writes, closes."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._reader = RequestReader()
        self._access = Access.NONE
        self._peer = ""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what asyncio gives for TCP
        self._transport = transport
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._access = self._server.admit(self, self._peer)
        if self._access is Access.NONE:
            transport.abort()
        else:
            self._timer = self._server.later(self.abort)

    def data_received(self, data: bytes) -> None:
        if not self._answered:
            self._answer(self._reader.feed(data))

    def eof_received(self) -> bool:
        if not self._answered:
            self._answer(self._reader.end())
        # What is being written still goes out; without anything to say the connection closes.
        return self._answered

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        if self._timer is not None:
            self._timer.cancel()
        self._server.leave(self)

    def abort(self) -> None:
        """Hang up, whatever is not written."""
        if self._transport is not None:
            self._transport.abort()

    def _answer(self, request: Request | None) -> None:
        if request is None or self._transport is None:
            return
        self._answered = True
        self._transport.write(self._server.reply(request, self._access, self._peer))
        self._transport.close()
