"""The one place where a connection to a pool is opened."""

import asyncio
import errno
import ipaddress
import os
import re
import socket
from collections.abc import Callable, Collection
from typing import TypeVar

from stampmill.core.errors import StampmillError
from stampmill.pool.endpoint import Endpoint

CONNECT_TIMEOUT = 15.0

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


class EgressRefusedError(StampmillError):
    """Somebody wanted a connection to a host that the user did not configure."""


class ConnectError(StampmillError):
    """No connection came about; the text is the reason in words."""


async def connect(
    endpoint: Endpoint,
    factory: Callable[[], _P],
    *,
    allowed_hosts: Collection[str],
    patience: float = CONNECT_TIMEOUT,
) -> _P:
    """Connect to the endpoint, trying every address of its name, and return the protocol.

    Raise EgressRefusedError for a host not among `allowed_hosts`, ConnectError if nobody answers.
    """
    if endpoint.host not in allowed_hosts:
        raise EgressRefusedError(f"{endpoint.host} is not a host that was configured")
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            transport, protocol = await loop.create_connection(
                factory, endpoint.host, endpoint.port, happy_eyeballs_delay=_stagger(endpoint)
            )
    except TimeoutError:
        raise ConnectError(f"no connection within {patience:.0f} s") from None
    except (OSError, UnicodeError) as error:
        raise ConnectError(reason(error)) from error
    _set_options(transport.get_extra_info("socket"))
    return protocol


def reason(error: Exception) -> str:
    """Return in words why there is no connection, or no longer one."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "name not known"
    if not isinstance(error, OSError):
        return str(error)
    number = error.errno or _errno_in(str(error))
    if number == errno.ECONNREFUSED:
        return "connection refused"
    return os.strerror(number).lower() if number else str(error)


def _stagger(endpoint: Endpoint) -> float | None:
    """Return the head start of each of a name's addresses (RFC 8305: 250 ms); a number has one."""
    try:
        ipaddress.ip_address(endpoint.host)
    except ValueError:
        return 0.25
    return None


def _errno_in(text: str) -> int | None:
    """Find the reason when several addresses failed: asyncio puts all of them into one text."""
    found = re.search(r"\[Errno (\d+)\]", text)
    return int(found[1]) if found else None


def _set_options(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # A dead line is noticed in about two minutes, not in the two hours of the system's default.
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
