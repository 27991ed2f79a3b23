"""What pages are fed with: a snapshot a second, events as they happen, and the past."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec
from aiohttp import web

from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web.history import History
from stampmill.core.operate.web.hub import Hub, Stream

TICK_SECONDS = 1.0
RETRY_MILLISECONDS = 2000
SEND_BUFFER = 65536
"""Bytes in the system's hands for a page that does not read; the default grows to megabytes."""


class Watch:
    """Samples one run for all pages; with none open, for the history alone."""

    def __init__(
        self, desk: Desk, version: str, *, writable: bool, let_stay: Callable[[object], None]
    ) -> None:
        self.hub = Hub(version, writable=writable, later=_later)
        self._desk = desk
        self._let_stay = let_stay
        self._history = History()
        self._past: bytes | None = None
        """The history as JSON, until the next sample: many may ask at once."""

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Sample while the application is up."""
        self._desk.listen(self.hub.on_event)
        sampling = asyncio.create_task(self._sample_regularly())
        yield
        sampling.cancel()
        with suppress(asyncio.CancelledError):
            await sampling

    async def end(self, _app: web.Application) -> None:
        """Let the pages go, which would otherwise be waited for."""
        self.hub.close()

    def sample(self) -> None:
        """Take one snapshot, remember its rates and send it."""
        shot = self._desk.snapshot()
        self._history.add(shot)
        self._past = None
        self.hub.tick(shot)

    async def history(self, _request: web.Request) -> web.Response:
        """Answer with the rates since the run began."""
        if self._past is None:
            past = {"run": self.hub.run, **self._history.to_json()}
            self._past = msgspec.json.encode(past)
        return web.Response(body=self._past, content_type="application/json")

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send events until the page goes."""
        transport = request.transport
        if transport is None:
            raise web.HTTPServiceUnavailable(text="the connection is gone")
        stream = self.hub.join(transport.abort, _after(request))
        if stream is None:
            raise web.HTTPServiceUnavailable(text="there are too many open pages")
        self._let_stay(transport)
        _limit_buffer(transport)
        try:
            return await _send(request, stream)
        finally:
            self.hub.leave(stream)

    async def _sample_regularly(self) -> None:
        while True:
            self.sample()
            await asyncio.sleep(TICK_SECONDS)


async def _send(request: web.Request, stream: Stream) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    response.force_close()
    await response.prepare(request)
    await response.write(b"retry: %d\n\n" % RETRY_MILLISECONDS)
    with suppress(ConnectionError):  # the page was closed, or let go
        while data := await stream.next():
            await response.write(data)
    return response


def _limit_buffer(transport: asyncio.BaseTransport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def _after(request: web.Request) -> str:
    """Return the id of the last message that a page has had."""
    return request.headers.get("Last-Event-ID") or request.query.get("after", "")


def _later(seconds: float, then: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, then)
