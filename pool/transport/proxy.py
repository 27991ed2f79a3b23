"""Proxies: SOCKS5 and HTTP CONNECT, on a socket that is connected to one already."""

import asyncio
import base64
import socket
from dataclasses import dataclass, field
from enum import Enum
from importlib.util import find_spec

from stampmill.core.errors import MissingExtraError, UsageError
from stampmill.pool.endpoint import Endpoint, masked, parse_url
from stampmill.pool.stratum.json_line import printable
from stampmill.pool.transport.faults import ConnectError, ConnectFault, reason

_FORM = "a proxy is written socks5h://host:port, socks5://host:port or http://host:port"
_ANSWER_LIMIT = 16 * 1024
"""Bytes of an HTTP proxy's answer; they are a line and some headers."""
_SHOWN = 200
"""Characters of a proxy's own words."""
_NEVER = 86_400.0
"""Seconds; python-socks wants a limit of its own, but ours is the one that counts."""


class ProxyKind(Enum):
    """What is spoken to the proxy. SOCKS5H leaves names to it, as Tor needs; so does HTTP."""

    SOCKS5 = "socks5"
    SOCKS5H = "socks5h"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is, and who we are there. Its text never holds the credentials."""

    kind: ProxyKind
    endpoint: Endpoint
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def resolves(self) -> bool:
        """Whether names are left to the proxy."""
        return self.kind is not ProxyKind.SOCKS5

    def __str__(self) -> str:
        return f"{self.kind.value}://{self.endpoint.place}"


def parse_proxy(url: str) -> Proxy:
    """Read `socks5h://[user:password@]host:port`; raise UsageError, or MissingExtraError."""
    scheme, address = parse_url(url, _FORM)
    try:
        kind = ProxyKind(scheme)
    except ValueError:
        raise UsageError(f"{_FORM}, not {masked(url)!r}") from None
    proxy = Proxy(kind, address.endpoint, address.user, address.password)
    _check_credentials(proxy)
    if kind is not ProxyKind.HTTP and find_spec("python_socks") is None:
        raise MissingExtraError("a SOCKS proxy", "proxy")
    return proxy


async def tunnel(proxy: Proxy, sock: socket.socket, host: str, port: int) -> None:
    """Have the proxy connect to a host; from then on the socket leads there.

    Raise ConnectError with the proxy's own reason. The caller closes the socket, and sets a limit.
    """
    place = Endpoint(host, port).place
    try:
        if proxy.kind is ProxyKind.HTTP:
            await _http_tunnel(proxy, sock, place)
        else:
            await _socks_tunnel(proxy, sock, host, port)
    except (_RefusedError, OSError) as error:
        why = printable(reason(error))[:_SHOWN].lower()
        text = f"the proxy {proxy} gives no connection to {place}: {why}"
        raise ConnectError(text, ConnectFault.PROXY_REFUSED) from error


class _RefusedError(Exception):
    """The proxy says no, or nothing that makes sense."""


class _Connected:
    """Stands for a proxy in front of this one, so that python-socks dials nothing itself."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def connect(self, **_to: object) -> socket.socket:
        return self._sock


async def _socks_tunnel(proxy: Proxy, sock: socket.socket, host: str, port: int) -> None:
    # python-socks is an extra.
    from python_socks import ProxyError, ProxyType  # noqa: PLC0415
    from python_socks.async_.asyncio import Proxy as Client  # noqa: PLC0415

    client = Client(
        ProxyType.SOCKS5,
        proxy.endpoint.host,
        proxy.endpoint.port,
        proxy.user,
        proxy.password,
        rdns=True,
        forward=_Connected(sock),  # type: ignore[arg-type]  # all that it calls is there
    )
    try:
        await client.connect(host, port, timeout=_NEVER)
    except (ProxyError, ValueError) as error:
        raise _RefusedError(str(error)) from error


async def _http_tunnel(proxy: Proxy, sock: socket.socket, place: str) -> None:
    """Speak CONNECT (RFC 9110, section 9.3.6).

    Not by python-socks, which takes the first segment for the whole answer: what follows of it
    would be read as the pool's first words.
    """
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, _connect_request(proxy, place))
    answer = b""
    while b"\r\n\r\n" not in answer:
        received = await loop.sock_recv(sock, 4096)
        answer += received
        if not received or len(answer) > _ANSWER_LIMIT:
            raise _RefusedError("it broke off" if not received else "an answer without end")
    _check_answer(answer)


def _connect_request(proxy: Proxy, place: str) -> bytes:
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.user is not None:
        pair = f"{proxy.user}:{proxy.password or ''}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()


def _check_answer(answer: bytes) -> None:
    head, _, rest = answer.partition(b"\r\n\r\n")
    version, _, status = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    code = status[:3]
    if not version.startswith("HTTP/1.") or not code.isdigit():
        raise _RefusedError("it speaks no HTTP")
    if code == "407":
        raise _RefusedError("it wants another user and password, http://user:password@host:port")
    if not code.startswith("2"):
        raise _RefusedError(status)
    if rest:
        raise _RefusedError("it sent more than its answer")


def _check_credentials(proxy: Proxy) -> None:
    """SOCKS5 has both or neither, of 1 to 255 bytes (RFC 1929); HTTP ends a user at a colon."""
    if proxy.kind is ProxyKind.HTTP:
        if ":" in (proxy.user or ""):
            raise UsageError(f"a user of the proxy {proxy} cannot have a colon in it")
        return
    if proxy.user is None and proxy.password is None:
        return
    for text in (proxy.user, proxy.password):
        if not text or len(text) > 255 or not text.isascii():
            raise UsageError(
                f"user and password of the proxy {proxy} must both be given, in ASCII, "
                "and at most 255 long"
            )
