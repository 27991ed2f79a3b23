"""The one place where a node is asked: JSON-RPC over aiohttp, each answer bounded."""

import asyncio
import ssl
from collections.abc import Callable
from itertools import count

import aiohttp
import msgspec

from stampmill.pool.egress import Egress
from stampmill.pool.solo import rpc
from stampmill.pool.solo.credentials import Credentials
from stampmill.pool.solo.errors import NodeError, NodeRefusedError
from stampmill.pool.solo.node_url import NodeAddress
from stampmill.pool.trace import Direction, Trace
from stampmill.pool.transport.faults import ConnectError, reason
from stampmill.pool.transport.http_connector import egress_connector
from stampmill.pool.transport.tls import Tls

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0

MAX_ANSWER = 20 << 20
"""A template of 4,000,000 weight units is at most some 12 MB of JSON, most of it hex."""

_MAX_TRACED = 2048


class NodeClient:
    """Calls one node. Connections are kept; calls at the same time each have their own.

    Nothing that the node says leads elsewhere: redirects are not followed, proxies of the
    environment are not used, and the allow-list is asked for each connection.
    """

    def __init__(
        self,
        address: NodeAddress,
        credentials: Credentials,
        egress: Egress,
        tls: Tls | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.address = address
        self._credentials = credentials
        self._authorization: str | None = None
        self._egress = egress
        self._tls = tls
        self._trace = trace
        self._ids = count(1)
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self, method: str, *params: object, seconds: float = ANSWER_SECONDS
    ) -> msgspec.Raw:
        """Return the result, as JSON; raise NodeError for every way not to get one."""
        body = rpc.request(method, params, next(self._ids))
        self._show(Direction.SENT, body)
        if self._authorization is None:
            self._authorization = self._credentials.header()
        try:
            return await self._post(body, seconds)
        except NodeRefusedError:
            # A node that was started again has a new cookie.
            renewed = self._credentials.header()
            if renewed == self._authorization:
                raise
            self._authorization = renewed
        return await self._post(body, seconds)

    async def close(self) -> None:
        """Give all connections back; a call that comes later opens others."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, body: bytes, seconds: float) -> msgspec.Raw:
        try:
            async with asyncio.timeout(seconds):
                status, kind, answer = await self._exchange_again(body)
        except TimeoutError:
            raise NodeError(f"no answer from the node within {seconds:.0f} s") from None
        except ConnectError as error:
            raise NodeError(str(error)) from None
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            raise NodeError(_why(error)) from None
        self._show(Direction.RECEIVED, answer)
        return rpc.read_answer(status, kind, answer)

    async def _exchange_again(self, body: bytes) -> tuple[int, str, bytes]:
        try:
            return await self._exchange(body)
        except aiohttp.ServerDisconnectedError:
            # A connection that lay idle for too long; no call does harm when it is made twice.
            return await self._exchange(body)

    async def _exchange(self, body: bytes) -> tuple[int, str, bytes]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._authorization is not None:
            headers["Authorization"] = self._authorization
        async with self._opened().post(
            str(self.address), data=body, headers=headers, allow_redirects=False
        ) as response:
            kind = response.headers.get("Content-Type", "")
            if 300 <= response.status < 400:
                asked = rpc.shown(response.headers.get("Location", "").encode())
                raise NodeError(f"it redirects us to {asked!r}, which is never followed")
            return response.status, kind, await _read_bounded(response)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=egress_connector(self._egress, limit=8, ssl=self._context()),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _context(self) -> ssl.SSLContext | bool:
        return True if self._tls is None else self._tls.context

    def _show(self, direction: Direction, body: bytes) -> None:
        if self._trace is not None:
            rest = len(body) - _MAX_TRACED
            more = b"" if rest <= 0 else b"... and %d bytes" % rest
            self._trace(direction, body[:_MAX_TRACED] + more)


Connect = Callable[[NodeAddress], NodeClient]


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    announced = response.content_length or 0
    parts, size = [], 0
    while announced <= MAX_ANSWER and (part := await response.content.readany()):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            break
    if max(announced, size) > MAX_ANSWER:
        response.close()
        raise NodeError(f"its answer is over {MAX_ANSWER >> 20} MiB, more than any template")
    return b"".join(parts)


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the node closed the connection without an answer"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {error.certificate_error}"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    text = reason(cause) if isinstance(cause, OSError) else str(error)
    return rpc.shown((text or type(error).__name__).encode("utf-8", "replace"))
