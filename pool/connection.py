"""The asyncio shell of one connection: it moves bytes and time, and decides nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

from stampmill.core.job import Share
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.trace import Direction, Trace, redacted
from stampmill.pool.transport.connect import Sleep
from stampmill.pool.transport.faults import reason
from stampmill.pool.upstream.events import ClientEvent, EndCause, Ended
from stampmill.pool.upstream.protocol import ClientProtocol

__all__ = ["WRITE_LIMIT", "PoolConnection", "Sleep"]

WRITE_LIMIT = 256 * 1024
"""Bytes waiting for a pool that does not read, beyond which it is left."""
_TICK = 1.0


class PoolConnection(asyncio.Protocol):
    """Feeds a ClientProtocol and hands each event to `handle` at once, in the same callback.

    `ended` is set with the last event. `clock` is monotonic seconds, `sleep` waits in its terms.
    """

    def __init__(
        self,
        protocol: ClientProtocol,
        handle: Callable[["PoolConnection", ClientEvent], None],
        clock: Callable[[], float],
        sleep: Sleep,
        trace: Trace | None = None,
    ) -> None:
        self.protocol = protocol
        self.ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._handle = handle
        self._clock = clock
        self._sleep = sleep
        self._trace = trace
        self._transport: asyncio.Transport | None = None
        self._settled = asyncio.Event()

    @property
    def peer(self) -> str | None:
        """Address and port at the other end, a proxy's perhaps; None before there is one."""
        found = None if self._transport is None else self._transport.get_extra_info("peername")
        return None if found is None else Endpoint(str(found[0]), found[1]).place

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the session."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what asyncio gives for TCP
        self._transport = transport
        self.protocol.start(self._clock())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Stamp the clock, then hand out what the bytes mean."""
        now = self._clock()
        self._dispatch(self.protocol.feed(data, now))

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end, unless it began here."""
        why = "connection closed by the pool" if exc is None else reason(exc)
        self.close(EndCause.PEER_CLOSED, why)

    def submit(self, share: Share) -> None:
        """Write a share at once."""
        self._settled.clear()
        self._dispatch(self.protocol.submit(share, self._clock()))

    def wish(self, suggest: float | None, minimum: float | None) -> None:
        """Ask for other difficulties."""
        self._dispatch(self.protocol.wish(suggest, minimum, self._clock()))

    def close(self, cause: EndCause, text: str) -> None:
        """End the session; shares without an answer are lost."""
        self._dispatch(self.protocol.end(cause, text, self._clock()))

    def give_up_shares(self, text: str) -> None:
        """Report every share without an answer as lost."""
        self._dispatch(self.protocol.give_up_shares(text))

    async def watch(self) -> None:
        """Look at the deadlines until the end."""
        while not self.ended.done():
            due = self.protocol.next_deadline() - self._clock()
            await self._sleep(min(max(due, 0.0), _TICK))
            self._dispatch(self.protocol.poll(self._clock()))

    async def settle(self, seconds: float) -> None:
        """Wait, at most so long, until no share is without an answer."""
        if self.protocol.pending:
            waits: list[asyncio.Task[Any]] = [
                asyncio.create_task(self._settled.wait()),
                asyncio.create_task(self._sleep(seconds)),
            ]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def _dispatch(self, events: list[ClientEvent]) -> None:
        for event in events:
            self._handle(self, event)
            if isinstance(event, Ended):
                self._finish(event)
        self._flush()
        if not self.protocol.pending:
            self._settled.set()

    def _flush(self) -> None:
        data = self.protocol.data_to_send()
        if not data or self._transport is None:
            return
        self._transport.write(data)
        self._show(data)
        if self._transport.get_write_buffer_size() > WRITE_LIMIT:
            self.close(EndCause.NOT_READING, "the pool does not read what we send")

    def _show(self, data: bytes) -> None:
        if self._trace is not None:
            for line in data.splitlines():
                self._trace(Direction.SENT, redacted(line))

    def _finish(self, ended: Ended) -> None:
        if not self.ended.done():
            self.ended.set_result(ended)
        if self._transport is not None:
            # What is still unwritten belongs to shares that were just reported lost.
            self._transport.abort()
