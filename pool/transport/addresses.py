"""From a name to the addresses that may be connected to."""

import asyncio
import socket

from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.transport.faults import ConnectError, ConnectFault, EgressRefusedError

AddressInfo = tuple[
    socket.AddressFamily | int,
    socket.SocketKind | int,
    int,
    str,
    tuple[str, int] | tuple[str, int, int, int],
]


async def addresses(endpoint: Endpoint, egress: Egress) -> list[AddressInfo]:
    """Return what the endpoint's host resolves to, anew each time, less what is not allowed.

    Raise ConnectError if that leaves nothing.
    """
    refusal: EgressRefusedError | None = None
    allowed: list[AddressInfo] = []
    for info in await _resolve(endpoint):
        try:
            egress.check_address(str(info[4][0]))
            allowed.append(info)
        except EgressRefusedError as error:
            refusal = error
    if not allowed:
        raise refusal or ConnectError("name not known", ConnectFault.NAME_UNKNOWN)
    return allowed


async def _resolve(endpoint: Endpoint) -> list[AddressInfo]:
    loop = asyncio.get_running_loop()
    try:
        return await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)  # type: ignore[return-value]  # TCP has no other forms
    except (socket.gaierror, UnicodeError) as error:
        raise ConnectError("name not known", ConnectFault.NAME_UNKNOWN) from error
