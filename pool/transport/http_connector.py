"""HTTP connections, to a node for one, that ask the same allow-list as those to pools."""

import socket
from typing import Any

from aiohttp import AddrInfoType, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from stampmill.pool.egress import Egress, normal_host


def egress_connector(egress: Egress, **options: Any) -> TCPConnector:
    """Return a connector for `aiohttp.ClientSession` that opens no socket to anywhere else.

    A refusal comes out of the request as EgressRefusedError; `options` are TCPConnector's. Names
    are resolved anew for each connection. The list also stops an HTTP redirect to another host.
    """
    resolver = _CheckedResolver(egress)
    return TCPConnector(
        resolver=resolver, socket_factory=resolver.socket, use_dns_cache=False, **options
    )


class _CheckedResolver(AbstractResolver):
    """Checks names before they are resolved, and addresses before a socket is made for them.

    An address in a URL never comes to the resolver: it is checked as a host of its own.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._system = ThreadedResolver()
        self._resolved: dict[str, set[str]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a listed name."""
        self._egress.check_host(host)
        results = await self._system.resolve(host, port, family)
        self._resolved[host] = {normal_host(result["host"]) for result in results}
        return results

    async def close(self) -> None:
        """Nothing to give back."""
        await self._system.close()

    def socket(self, info: AddrInfoType) -> socket.socket:
        """Return an unconnected socket for an address that may be connected to."""
        family, kind, protocol, _, address = info
        host = str(address[0])
        if not any(normal_host(host) in found for found in self._resolved.values()):
            self._egress.check_host(host)
        self._egress.check_address(host)
        return socket.socket(family, kind, protocol)
