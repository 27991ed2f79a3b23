"""Where connections may go at all: asked before every one of them, whoever wants it."""

import ipaddress
import re
from collections.abc import Callable, Iterable

from stampmill.core.errors import UsageError
from stampmill.pool.transport.faults import EgressRefusedError

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_FORM = "an egress entry is a host name, an address or a network such as 10.0.0.0/8"


class Egress:
    """An allow-list of host names, addresses and networks (CIDR). Raises UsageError for others.

    A host passes if it is listed, or as an address inside a listed network; names are compared
    whole. Where the list has networks, the addresses that a name resolves to must lie inside one
    of them, and if it has nothing else every name may be tried. Without networks DNS is trusted.
    `on_refusal` is told the text of each refusal.
    """

    def __init__(
        self, entries: Iterable[str], on_refusal: Callable[[str], None] | None = None
    ) -> None:
        listed = list(entries)
        self.refusals = 0
        self.on_refusal = on_refusal
        self._networks = [_network(entry) for entry in listed if "/" in entry]
        self._hosts = {_listed_host(entry) for entry in listed if "/" not in entry}

    def check_host(self, host: str) -> None:
        """Raise EgressRefusedError unless a connection to this name or address may be tried."""
        if not self._lists(host):
            self._refuse(_not_listed(host))

    def check_address(self, address: str) -> None:
        """Raise EgressRefusedError if a name resolved to an address outside the networks."""
        found = _address(address)
        if found is None:
            self._refuse(f"{address!r} is no address")
        elif self._networks and str(found) not in self._hosts and not self._is_inside(found):
            self._refuse(f"{address} lies outside the networks that this miner may connect to")

    def check_unresolved(self, host: str) -> None:
        """As `check_host`, where a proxy will resolve the name: networks cannot vouch for it."""
        self.check_host(host)
        if _address(host) is None and normal_host(host) not in self._hosts:
            self._refuse(
                f"{host} would be resolved by the proxy, so its address cannot be checked: "
                "list the name, or use a socks5:// proxy"
            )

    def require(self, hosts: Iterable[str]) -> None:
        """Raise UsageError if a configured host is left out: it would never be reached."""
        for host in hosts:
            if not self._lists(host):
                raise UsageError(f"{_not_listed(host)}: add egress {host}, or leave it out")

    def _lists(self, host: str) -> bool:
        address = _address(host)
        if normal_host(host) in self._hosts:
            return True
        if address is None:
            return bool(self._networks) and not self._hosts
        return self._is_inside(address)

    def _is_inside(self, address: "_Address") -> bool:
        return any(address in network for network in self._networks)

    def _refuse(self, text: str) -> None:
        self.refusals += 1
        if self.on_refusal is not None:
            self.on_refusal(text)
        raise EgressRefusedError(text)


def normal_host(host: str) -> str:
    """Return a host as it is compared: lower case, no brackets, no final dot, addresses short."""
    address = _address(host)
    return host.removesuffix(".").lower() if address is None else str(address)


def _not_listed(host: str) -> str:
    return f"{host} is not among the hosts that this miner may connect to"


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(host: str) -> _Address | None:
    """Return the address that a text is; one of IPv4 written as IPv6 is one of IPv4."""
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(entry)
    except ValueError as error:
        raise UsageError(f"{_FORM}, not {entry!r}: {error}") from None


def _listed_host(entry: str) -> str:
    host = normal_host(entry)
    if _address(entry) is None and not _NAME.fullmatch(host):
        raise UsageError(f"{_FORM}, not {entry!r}")
    return host
