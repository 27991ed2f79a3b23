"""Whether to follow `client.reconnect`: on plain TCP anybody on the way can write one."""

from stampmill.pool.endpoint import Endpoint
from stampmill.pool.rate_limit import RateLimit
from stampmill.pool.stratum.notifications import Reconnect


class RedirectRefusedError(Exception):
    """The redirect is not followed; the text says why."""


class RedirectPolicy:
    """The configured host only, another port of it at most, ten times an hour at most.

    Host names are compared whole: no rule about suffixes is safe.
    """

    def __init__(self, configured: Endpoint) -> None:
        self._configured = configured
        self._limit = RateLimit(burst=10, seconds=3600)

    def judge(self, redirect: Reconnect, now: float) -> Endpoint:
        """Return where to connect; raise RedirectRefusedError."""
        host = redirect.host
        if host is not None and _plain(host) != _plain(self._configured.host):
            raise RedirectRefusedError(f"to another host, {host!r}")
        if not self._limit.allow(now):
            raise RedirectRefusedError("more than ten times within the hour")
        return Endpoint(self._configured.host, redirect.port or self._configured.port)


def _plain(host: str) -> str:
    return host.removeprefix("[").removesuffix("]").removesuffix(".").lower()
