"""The TCP side of the HTTP port."""

import asyncio
import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from stampmill.core.operate.web.app import Site, make_app
from stampmill.core.operate.web.guard import PATIENCE, Guard

CLOSE_SECONDS = 0.5

_log = logging.getLogger("stampmill.http")


def _is_ours(record: logging.LogRecord) -> bool:
    """Tell whether a line is about us, and not about a request that was none.

    Those have a traceback with the whole request: anybody could fill a log with them, or hold up
    a run whose log is read slowly.
    """
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


_log.addFilter(_is_ours)


class WebServer:
    """Listens, and serves a site."""

    def __init__(self, site: Site, *, patience: float = PATIENCE) -> None:
        self._runner = web.AppRunner(
            make_app(site, self._let_stay),
            access_log=None,
            logger=_log,
            shutdown_timeout=CLOSE_SECONDS,
            handle_signals=False,
        )
        self._patience = patience
        self._server: asyncio.Server | None = None
        self.guard: Guard | None = None

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Begin; return where. Raise OSError if the port cannot be had."""
        await self._runner.setup()
        assert self._runner.server is not None  # noqa: S101  set up above
        self.guard = Guard(self._runner.server, patience=self._patience)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self.guard, host, port, backlog=128)
        except OSError:
            await self._runner.cleanup()
            raise
        address = self._server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _let_stay(self, connection: object) -> None:
        if self.guard is not None:
            self.guard.let_stay(connection)
