"""The shipped pool: a Stratum v1 server on a regtest chain of its own, nothing to set up."""

import asyncio
import time
from collections.abc import Callable
from random import Random, SystemRandom

from stampmill.core.errors import StampmillError
from stampmill.pool.node.blocks_file import BlocksFile
from stampmill.pool.node.chain import RegtestChain
from stampmill.pool.server.chaos.catalogue import Chaos
from stampmill.pool.server.counters import JobStats, PoolCounters, PoolSnapshot
from stampmill.pool.server.events import (
    CloseReason,
    PoolEvent,
    PoolEventKind,
    PoolListener,
)
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.pool_core import PoolCore, PoolWorld
from stampmill.pool.server.sockets.connection import LINGER, MinerConnection
from stampmill.pool.server.sockets.tls import ServerCertificate
from stampmill.pool.server.sockets.tls_port import TlsPort

__all__ = ["EmbeddedPool", "PoolEvent", "PoolEventKind", "PoolOptions", "PoolSnapshot"]

TICK = 0.25
"""Seconds between two looks at silent miners."""


class EmbeddedPool:
    """A pool in this process; `start` and `close` belong to one event loop.

    `clock` gives seconds since 1970; `on_event` is called for each event on the event loop and
    must not raise or block. `chaos` makes it misbehave.
    """

    def __init__(
        self,
        options: PoolOptions | None = None,
        *,
        clock: Callable[[], float] = time.time,
        random: Random | None = None,
        on_event: PoolListener | None = None,
        chaos: Chaos | None = None,
    ) -> None:
        self.options = options or PoolOptions()
        self.chaos = chaos
        random = random or SystemRandom()
        self._blocks: list[bytes] = []
        self._file = BlocksFile(self.options.blocks_file) if self.options.blocks_file else None
        self.chain = RegtestChain(
            clock, random, transactions=self.options.transactions, on_block=self._keep
        )
        self._core = PoolCore(
            self.options, self.chain, PoolWorld(clock, time.monotonic, random, on_event)
        )
        cert, key = self.options.tls_cert, self.options.tls_key
        self.certificate = None if cert is None else ServerCertificate(cert, key)
        self._server: asyncio.Server | TlsPort | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._open: set[asyncio.Future[None]] = set()

    @property
    def counters(self) -> PoolCounters:
        """The live totals."""
        return self._core.counters

    def snapshot(self) -> PoolSnapshot:
        """Return what was done up to now."""
        return self._core.snapshot()

    def job_stats(self) -> tuple[JobStats, ...]:
        """Return the fate of the latest 4096 jobs, the oldest first."""
        return self._core.jobs.all()

    def raw_blocks(self) -> tuple[bytes, ...]:
        """Return every block behind genesis, pre-mined ones too; empty unless `keep_blocks`."""
        return tuple(self._blocks)

    async def start(self) -> tuple[str, int]:
        """Listen; return host and port. Raise StampmillError if the address is not to be had."""
        host, port = self.options.host, self.options.port
        try:
            address = await self._listen(host, port)
        except OSError as error:
            why = error.strerror or str(error)
            raise StampmillError(
                f"the pool cannot listen on {host}:{port}: {why}; choose another address or port"
            ) from error
        self._tasks = [asyncio.create_task(self._ticks()), asyncio.create_task(self._jobs())]
        shown = "" if self.certificate is None else f", TLS with {self.certificate}"
        self._core.tell(PoolEventKind.LISTENING, f"{address[0]}:{address[1]}{shown}", "")
        return address

    async def close(self) -> None:
        """Stop listening and end every connection; harmless if there is nothing to stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._server is not None:
            self._server.close()
            for session in self._core.sessions():
                session.close(CloseReason.SHUTDOWN)
            if self._open:
                await asyncio.wait(self._open, timeout=2 * LINGER)
            await self._server.wait_closed()
            self._server = None

    async def _listen(self, host: str, port: int) -> tuple[str, int]:
        if self.certificate is None:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(self._connection, host, port, backlog=1024)
            self._server = server
            address: tuple[str, int] = server.sockets[0].getsockname()[:2]
            return address
        tls = self._server = TlsPort(
            self.certificate.context,
            self._connection,
            self._core.handshake_failed,
            limit=self.options.handshake_timeout,
            most=self.options.max_connections,
        )
        return await tls.open(host, port)

    def _connection(self) -> MinerConnection:
        return MinerConnection(self._core, asyncio.get_running_loop(), self.chaos, self._opened)

    def _opened(self, connection: MinerConnection) -> None:
        """Wait for this one at the end."""
        self._open.add(connection.gone)
        connection.gone.add_done_callback(self._open.discard)

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._core.tick(self._core.now())
            if self.chaos is not None:
                self.chaos.tick(self._core.now())

    async def _jobs(self) -> None:
        interval = self.options.job_interval
        due = self._core.now() + interval
        while True:
            await asyncio.sleep(max(0.0, due - self._core.now()))
            self._core.periodic_job(self._core.now())
            # A job that came late must not be followed by a burst.
            due = max(due + interval, self._core.now())

    def _keep(self, raw: bytes) -> None:
        if self.options.keep_blocks:
            self._blocks.append(raw)
        if self._file is not None:
            self._file.append(raw)
