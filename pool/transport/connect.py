"""The one place where a connection to a pool is opened."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import aiohappyeyeballs

from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.transport.addresses import AddressInfo, addresses
from stampmill.pool.transport.faults import ConnectError, ConnectFault, reason
from stampmill.pool.transport.proxy import Proxy, tunnel
from stampmill.pool.transport.tls import Gate, Tls, handshake_error

_STAGGER = 0.25
"""Seconds of head start for each of a name's addresses (RFC 8305, section 5)."""
_NEVER = 86_400.0
"""asyncio wants a limit for the handshake, but ours is the one that counts."""

_P = TypeVar("_P", bound=asyncio.BaseProtocol)
_T = TypeVar("_T")

Sleep = Callable[[float], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class ConnectLimits:
    """Seconds that each stage may take, and after which a dead line is noticed.

    `proxy` is longer, as Tor builds a circuit meanwhile. A line without traffic is probed after
    `keep_idle`, and lost after `keep_count` probes `keep_interval` apart; what was sent and not
    acknowledged for `unacknowledged` loses it too (whole seconds, by the system's clock).
    """

    dial: float = 15.0
    proxy: float = 30.0
    tls: float = 15.0
    keep_idle: int = 30
    keep_interval: int = 10
    keep_count: int = 3
    unacknowledged: int = 60


@dataclass(frozen=True, slots=True)
class Route:
    """How to get to an endpoint: what is allowed, through which proxy, and whom to trust there."""

    egress: Egress
    tls: Tls | None = None
    proxy: Proxy | None = None
    limits: ConnectLimits = ConnectLimits()

    def check(self, host: str) -> None:
        """Raise EgressRefusedError unless this route may be taken to a host."""
        if self.proxy is None or not self.proxy.resolves:
            self.egress.check_host(host)
        else:
            self.egress.check_unresolved(host)


async def connect(
    endpoint: Endpoint,
    factory: Callable[[], _P],
    route: Route,
    sleep: Sleep = asyncio.sleep,
) -> _P:
    """Connect to the endpoint, trying every address of its name, and return the protocol.

    The protocol is made once everything is checked: no byte of it goes to a pool that is not the
    right one. `sleep` measures the limits. Raise ConnectError if it did not come about.
    """
    route.check(endpoint.host)
    if route.proxy is None:
        sock = await _dial(endpoint, route, sleep)
    else:
        sock = await _dial_through(route.proxy, endpoint, route, sleep)
    if endpoint.tls:
        return await _start_tls(sock, endpoint, factory, route, sleep)
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(factory, sock=sock)
    return protocol


async def _dial(endpoint: Endpoint, route: Route, sleep: Sleep) -> socket.socket:
    """Return a connected socket."""
    limit = route.limits.dial
    try:
        return await _within(limit, sleep, _dial_any(endpoint, route), socket.socket.close)
    except TimeoutError:
        text = f"no connection within {limit:.0f} s"
        raise ConnectError(text, ConnectFault.TIMED_OUT) from None
    except OSError as error:
        raise ConnectError(reason(error)) from error


async def _dial_any(endpoint: Endpoint, route: Route) -> socket.socket:
    """Try the allowed addresses of a name, one family and the other in turn."""
    found = await addresses(endpoint, route.egress)
    sock = await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=_STAGGER)
    try:
        _set_options(sock, route.limits)
    except OSError:
        sock.close()
        raise
    return sock


async def _dial_through(
    proxy: Proxy, endpoint: Endpoint, route: Route, sleep: Sleep
) -> socket.socket:
    """Return a socket that leads to the endpoint through the proxy."""
    host = endpoint.host if proxy.resolves else await _first_address(endpoint, route, sleep)
    route.egress.check_host(proxy.endpoint.host)
    try:
        sock = await _dial(proxy.endpoint, route, sleep)
    except ConnectError as error:
        if error.fault is ConnectFault.EGRESS_REFUSED:
            raise
        text = f"the proxy {proxy} cannot be reached: {error}"
        raise ConnectError(text, ConnectFault.PROXY_UNREACHABLE) from error
    try:
        await _within(route.limits.proxy, sleep, tunnel(proxy, sock, host, endpoint.port))
    except TimeoutError:
        sock.close()
        text = f"the proxy {proxy} gave no connection to {endpoint.place}"
        text = f"{text} within {route.limits.proxy:.0f} s"
        raise ConnectError(text, ConnectFault.PROXY_TIMED_OUT) from None
    except BaseException:
        sock.close()
        raise
    return sock


async def _first_address(endpoint: Endpoint, route: Route, sleep: Sleep) -> str:
    """Return an allowed address of a name, for a proxy that is not trusted to resolve it."""
    try:
        found = await _within(route.limits.dial, sleep, addresses(endpoint, route.egress))
    except TimeoutError:
        text = f"{endpoint.host} is not resolved within {route.limits.dial:.0f} s"
        raise ConnectError(text, ConnectFault.TIMED_OUT) from None
    return _host(found[0])


async def _start_tls(
    sock: socket.socket,
    endpoint: Endpoint,
    factory: Callable[[], _P],
    route: Route,
    sleep: Sleep,
) -> _P:
    tls = route.tls or Tls()
    opening = asyncio.get_running_loop().create_connection(
        lambda: Gate(tls, factory),
        sock=sock,
        ssl=tls.context,
        server_hostname=endpoint.host.removesuffix("."),
        ssl_handshake_timeout=_NEVER,
    )
    try:
        _, gate = await _within(route.limits.tls, sleep, opening, _abort)
    except TimeoutError:
        text = f"no TLS handshake within {route.limits.tls:.0f} s"
        raise ConnectError(text, ConnectFault.TLS_TIMED_OUT) from None
    except OSError as error:
        raise handshake_error(error, endpoint.host) from error
    return gate.result()


async def _within(
    seconds: float,
    sleep: Sleep,
    work: Coroutine[Any, Any, _T],
    undo: Callable[[_T], object] = lambda _result: None,
) -> _T:
    """Return what the work returns; cancel it and raise TimeoutError after so long.

    A result that comes just as nobody wants it any longer is undone.
    """
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(sleep(seconds))
    in_time = False
    try:
        await asyncio.wait([task, alarm], return_when=asyncio.FIRST_COMPLETED)
        in_time = task.done()
    finally:
        alarm.cancel()
        if not in_time:
            task.cancel()
            task.add_done_callback(partial(_undo, undo))
            await asyncio.gather(task, return_exceptions=True)
    if in_time:
        return task.result()
    raise TimeoutError


def _undo(undo: Callable[[_T], object], task: "asyncio.Future[_T]") -> None:
    if not task.cancelled() and task.exception() is None:
        undo(task.result())


def _abort(opened: tuple[asyncio.Transport, object]) -> None:
    opened[0].abort()


def _host(info: AddressInfo) -> str:
    return str(info[4][0])


def _set_options(sock: socket.socket, limits: ConnectLimits) -> None:
    """Send small lines at once, and notice a dead line sooner than in the system's two hours."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", limits.keep_idle),
        ("TCP_KEEPINTVL", limits.keep_interval),
        ("TCP_KEEPCNT", limits.keep_count),
        ("TCP_USER_TIMEOUT", limits.unacknowledged * 1000),
    ):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
