"""The TCP side of the API: one request a connection, and patience with nobody."""

from stampmill.core.operate.access import Access, AccessList, Door
from stampmill.core.operate.cgminer.answers import Answers
from stampmill.core.operate.cgminer.request import Request, RequestReader
from stampmill.core.operate.front import Front

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
        self._front = Front(self._admit, patience)

    @property
    def waiting(self) -> int:
        """How many clients have not said all, or not yet taken their reply."""
        return self._front.waiting

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Begin; return where. Raise OSError if the port cannot be had."""
        return await self._front.listen(host, port)

    async def close(self) -> None:
        """Hang up on everybody."""
        self._front.close()

    def _admit(self, address: str) -> "_Client | None":
        """Return our side of a new client, if it may ask anything."""
        access = self._access.of(address)
        if access is Access.NONE or self._front.waiting >= MAX_CLIENTS:
            self.turned_away += 1
            return None
        return _Client(self._answers, access, address)


class _Client:
    """One connection: reads till there is a request."""

    def __init__(self, answers: Answers, access: Access, address: str) -> None:
        self._answers = answers
        self._access = access
        self._address = address
        self._reader = RequestReader()

    def feed(self, data: bytes) -> bytes | None:
        """Take what came; return the reply once the request is whole."""
        return self._said(self._reader.feed(data))

    def end(self) -> bytes:
        """Answer a client that says no more."""
        return self._said(self._reader.end()) or b""

    def _said(self, request: Request | None) -> bytes | None:
        if request is None:
            return None
        return self._answers.to(request, self._access, self._address)
