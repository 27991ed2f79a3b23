"""Node URLs: where the RPC is, and who we are there."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from stampmill.core.errors import UsageError
from stampmill.core.settings import MineSettings

_FORM = "a node is written http://USER:PASS@HOST:PORT (mainnet's port is 8332)"


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """Where a node's RPC is; user and password are None where the URL is silent."""

    scheme: str
    host: str
    port: int
    path: str = "/"
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Return the URL without credentials: fit to be shown and logged."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}".removesuffix("/")

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return self.host in {"localhost", "127.0.0.1", "::1"}


def needs_node(settings: MineSettings) -> bool:
    """Tell whether a run mines on a node, among pools perhaps.

    Raise UsageError where its settings contradict that.
    """
    nodes = any(is_node_url(pool.url) for pool in settings.pools)
    if nodes and settings.solo.address is None:
        raise UsageError("mining alone on a node needs --coinbase-addr ADDR: who is to be paid?")
    if settings.solo.address is not None and not nodes:
        raise UsageError(
            "--coinbase-addr is for mining alone: add a node, -o http://user:pass@host:port, "
            "or leave the address out"
        )
    return nodes


def is_node_url(url: str) -> bool:
    """Tell a node from a pool."""
    return url.lower().startswith(("http://", "https://"))


def parse_node_url(url: str) -> NodeAddress:
    """Read `http[s]://[user[:password]@]host:port[/path]`; raise UsageError.

    An IPv6 address stands in brackets. Credentials are percent-decoded, and never shown.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        # The text may hold a password: where it cannot be split, nothing of it is shown.
        raise UsageError(f"{_FORM}; this URL cannot be read as one") from None
    if not url.isprintable() or " " in url or parts.query or parts.fragment:
        raise UsageError(f"{_FORM}; write other characters in user and password as %23 and so on")
    if not host or port is None or not 0 < port < 65536:
        raise UsageError(f"{_FORM}; {_masked(parts)!r} names no host and port")
    return NodeAddress(
        parts.scheme.lower(),
        host,
        port,
        parts.path or "/",
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
    )


def _masked(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
