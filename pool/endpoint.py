"""Pool URLs: where to connect, and who we are there."""

import ipaddress
import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from stampmill.core.errors import UsageError

_SCHEMES = {"stratum+tcp", "tcp"}
_TLS_SCHEMES = {"stratum+ssl", "stratum+tls", "stratum+tcps", "stratums", "ssl", "tls"}
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE)
_FORM = "a pool is written stratum+tcp://host:port, or stratum+ssl:// for TLS"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host, name or address without brackets, a TCP port, and whether TLS is spoken there."""

    host: str
    port: int
    tls: bool = False

    @property
    def place(self) -> str:
        """Host and port as URLs write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"stratum+{'ssl' if self.tls else 'tcp'}://{self.place}"


@dataclass(frozen=True, slots=True)
class PoolAddress:
    """What a pool URL says; user and password are None where it is silent."""

    endpoint: Endpoint
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_pool_url(url: str) -> PoolAddress:
    """Read `stratum+tcp://[user[:password]@]host:port`, the scheme optional; raise UsageError.

    `stratum+ssl`, with its usual aliases, means TLS. An IPv6 address stands in brackets.
    Credentials are percent-decoded.
    """
    scheme, address = parse_url(url, _FORM)
    if scheme in {"http", "https"}:
        raise UsageError(f"{_FORM}; {masked(url)!r} is a web address")
    if scheme is not None and scheme not in _SCHEMES | _TLS_SCHEMES:
        raise UsageError(f"{_FORM}; there is no scheme {scheme!r} in {masked(url)!r}")
    endpoint = replace(address.endpoint, tls=scheme in _TLS_SCHEMES)
    return replace(address, endpoint=endpoint)


def parse_url(url: str, form: str) -> tuple[str | None, PoolAddress]:
    """Return scheme, if there is one, and the rest of a URL without a path; raise UsageError.

    `form` begins the error: how such a URL is written.
    """
    if not url or not url.isprintable() or " " in url:
        raise UsageError(f"{form}, not {masked(url)!r}")
    scheme, separator, rest = url.partition("://")
    credentials, _, place = (rest if separator else url).rpartition("@")
    user, colon, password = credentials.partition(":")
    address = PoolAddress(
        _endpoint(place.removesuffix("/"), url, form),
        unquote(user) if user else None,
        unquote(password) if colon else None,
    )
    return (scheme.lower() if separator else None), address


def masked(url: str) -> str:
    """Return the URL without its password: error lines end up in logs."""
    before, at, place = url.rpartition("@")
    scheme = re.match(r"([a-z0-9+.-]*://)?", before, re.IGNORECASE)
    start = scheme.end() if scheme else 0
    user, colon, _ = before[start:].partition(":")
    return f"{before[:start]}{user}{colon and ':...'}{at}{place}"


def _endpoint(place: str, url: str, form: str) -> Endpoint:
    host, colon, port = place.rpartition(":")
    if not colon or not host or place.endswith("]"):
        raise UsageError(f"{form}; {masked(url)!r} names no port")
    if not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536 or len(port) > 5:
        raise UsageError(f"a port is a number from 1 to 65535, not {port!r} in {masked(url)!r}")
    if host.startswith("[") and host.endswith("]"):
        return Endpoint(_ipv6(host[1:-1], url), int(port))
    if ":" in host:
        bracketed = "an IPv6 address stands in brackets, [::1]:3333"
        raise UsageError(f"{bracketed}, not as in {masked(url)!r}")
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UsageError(f"{host!r} in {masked(url)!r} is no host name")
    return Endpoint(host, int(port))


def _ipv6(text: str, url: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise UsageError(f"{text!r} in {masked(url)!r} is no IPv6 address") from None
