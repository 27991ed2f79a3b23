"""Who may read and who may change things: a list of networks, and a token."""

import hmac
import ipaddress
from dataclasses import dataclass
from enum import Enum

from stampmill.core.errors import UsageError

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Access(Enum):
    """What a peer may do."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


_LETTERS = {"R": Access.READ, "W": Access.WRITE}


@dataclass(frozen=True, slots=True)
class AccessList:
    """Networks with what they may do; the first that holds an address decides."""

    entries: tuple[tuple[Access, _Network], ...]

    def of(self, address: str) -> Access:
        """Return what the peer at an address may do; an IPv4 address in IPv6 is that address."""
        try:
            peer = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return Access.NONE
        if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
            peer = peer.ipv4_mapped
        for access, network in self.entries:
            if peer.version == network.version and peer in network:
                return access
        return Access.NONE


class Door:
    """An access list in force, until it is changed."""

    def __init__(self, text: str | None) -> None:
        self._list = parse_access(text or READ_HERE)

    def of(self, address: str) -> Access:
        """Return what the peer at an address may do now."""
        return self._list.of(address)

    def change(self, text: str | None) -> None:
        """Let another list decide from now on, none: this machine may read; raise UsageError."""
        self._list = parse_access(text or READ_HERE)


def parse_access(text: str) -> AccessList:
    """Read cgminer's form, `W:127.0.0.1,R:10.0.0.0/24`; raise UsageError naming the entry.

    Without a letter an entry may read. `0/0` is every IPv4 address.
    """
    return AccessList(tuple(_entry(part.strip()) for part in text.split(",") if part.strip()))


READ_HERE = "R:127.0.0.0/8,R:::1"
"""This machine may read."""


def token_matches(given: str, token: str) -> bool:
    """Compare in a time that does not depend on how much of it is right."""
    return hmac.compare_digest(given.encode(), token.encode())


def _entry(text: str) -> tuple[Access, _Network]:
    letter, place = ("R", text) if text[1:2] != ":" or text[0] == ":" else (text[0], text[2:])
    try:
        access = _LETTERS[letter.upper()]
        network = ipaddress.ip_network("0.0.0.0/0" if place == "0/0" else place.strip("[]"), False)
    except (KeyError, ValueError):
        raise UsageError(
            f"api-allow: '{text}' is no entry: write W:127.0.0.1 for what may change things, "
            "R:10.0.0.0/24 for what may read"
        ) from None
    return access, network
