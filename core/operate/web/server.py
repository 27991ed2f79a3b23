"""The TCP side of the HTTP port."""

import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from stampmill.core.operate.front import Front
from stampmill.core.operate.web.app import Site, make_app
from stampmill.core.operate.web.guard import PATIENCE, Guard, HttpCaller
from stampmill.core.operate.web.polls import Document, Polls

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
            make_app(site, self),
            access_log=None,
            logger=_log,
            shutdown_timeout=CLOSE_SECONDS,
            handle_signals=False,
        )
        self._patience = patience
        self._polls = Polls(site.desk)
        self._front = Front(self._admit, patience)
        self.guard: Guard | None = None

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Begin; return where. Raise OSError if the port cannot be had."""
        await self._runner.setup()
        assert self._runner.server is not None  # noqa: S101  set up above
        self.guard = Guard(self._runner.server, patience=self._patience)
        try:
            return await self._front.listen(host, port)
        except OSError:
            await self._runner.cleanup()
            raise

    async def close(self) -> None:
        """Hang up on everybody."""
        self._front.close()
        await self._runner.cleanup()

    @property
    def waiting(self) -> int:
        """How many clients have not said a request, or not yet taken the reply to one."""
        return self._front.waiting

    def let_stay(self, connection: object) -> None:
        """Have patience with a connection whose reply has no end."""
        if self.guard is not None:
            self.guard.let_stay(connection)

    def learn(self, request: web.Request, document: Document) -> None:
        """Answer the same request without aiohttp from now on."""
        if self.guard is not None:
            self._polls.learn(self.guard.heard(request.transport), request, document)

    def _admit(self, _address: str) -> HttpCaller | None:
        if self.guard is None or not self.guard.has_room(self._front.waiting):
            return None
        return HttpCaller(self._polls, self.guard)
