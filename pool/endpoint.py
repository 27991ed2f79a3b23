"""Pool URLs: where to connect, and who we are there."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from stampmill.core.errors import UsageError

_SCHEMES = {"stratum+tcp", "tcp"}
_TLS_SCHEMES = {"stratum+ssl", "stratum+tls", "stratum+tcps", "ssl", "tls"}
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE)
_FORM = "a pool is written stratum+tcp://host:port"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host, name or address without brackets, and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"stratum+tcp://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class PoolAddress:
    """What a pool URL says; user and password are None where it is silent."""

    endpoint: Endpoint
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_pool_url(url: str) -> PoolAddress:
    """Read `stratum+tcp://[user[:password]@]host:port`, the scheme optional; raise UsageError.

    An IPv6 address stands in brackets. Credentials are percent-decoded.
    """
    if not url or not url.isprintable() or " " in url:
        raise UsageError(f"{_FORM}, not {_masked(url)!r}")
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "tcp", url
    _check_scheme(scheme.lower(), url)
    credentials, _, place = rest.rpartition("@")
    user, colon, password = credentials.partition(":")
    return PoolAddress(
        _endpoint(place.removesuffix("/"), url),
        unquote(user) if user else None,
        unquote(password) if colon else None,
    )


def _check_scheme(scheme: str, url: str) -> None:
    if scheme in _TLS_SCHEMES:
        hint = "use the pool's stratum+tcp:// address"
        raise UsageError(f"no TLS to pools yet: {hint}, not {_masked(url)!r}")
    if scheme in {"http", "https"}:
        raise UsageError(f"{_FORM}; {_masked(url)!r} is a web address")
    if scheme not in _SCHEMES:
        raise UsageError(f"{_FORM}; there is no scheme {scheme!r} in {_masked(url)!r}")


def _endpoint(place: str, url: str) -> Endpoint:
    host, colon, port = place.rpartition(":")
    if not colon or not host or place.endswith("]"):
        raise UsageError(f"{_FORM}; {_masked(url)!r} names no port")
    if not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536 or len(port) > 5:
        raise UsageError(f"a port is a number from 1 to 65535, not {port!r} in {_masked(url)!r}")
    if host.startswith("[") and host.endswith("]"):
        return Endpoint(_ipv6(host[1:-1], url), int(port))
    if ":" in host:
        form = "an IPv6 address stands in brackets, [::1]:3333"
        raise UsageError(f"{form}, not as in {_masked(url)!r}")
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UsageError(f"{host!r} in {_masked(url)!r} is no host name")
    return Endpoint(host, int(port))


def _ipv6(text: str, url: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise UsageError(f"{text!r} in {_masked(url)!r} is no IPv6 address") from None


def _masked(url: str) -> str:
    """Return the URL without its password: error lines end up in logs."""
    before, at, place = url.rpartition("@")
    scheme = re.match(r"([a-z0-9+.-]*://)?", before, re.IGNORECASE)
    start = scheme.end() if scheme else 0
    user, colon, _ = before[start:].partition(":")
    return f"{before[:start]}{user}{colon and ':...'}{at}{place}"
