"""Whether to follow `client.reconnect`: on plain TCP anybody on the way can write one."""

from collections.abc import Callable, Iterable
from enum import Enum

from stampmill.core.rate_limit import RateLimit
from stampmill.pool.egress import normal_host
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.stratum.notifications import Reconnect
from stampmill.pool.transport.faults import EgressRefusedError


class RedirectRefusedError(Exception):
    """The redirect is not followed; the text says why."""


class RedirectRule(Enum):
    """Where one may lead: to any port of the configured host, nowhere, or to listed hosts too."""

    SAME_HOST = "same-host"
    NEVER = "never"
    LISTED = "listed"


class RedirectPolicy:
    """One pool's rule, ten redirects an hour at most; `check` raises EgressRefusedError for a host.

    Host names are compared whole: no rule about suffixes is safe. A redirect never leaves TLS or
    the proxy.
    """

    def __init__(
        self,
        configured: Endpoint,
        rule: RedirectRule = RedirectRule.SAME_HOST,
        listed: Iterable[str] = (),
        check: Callable[[str], None] = lambda _host: None,
    ) -> None:
        self._configured = configured
        self._rule = rule
        self._listed = {normal_host(host) for host in listed}
        self._check = check
        self._limit = RateLimit(burst=10, seconds=3600)

    def judge(self, redirect: Reconnect, now: float) -> Endpoint:
        """Return where to connect; raise RedirectRefusedError."""
        if self._rule is RedirectRule.NEVER:
            raise RedirectRefusedError("not followed, as no redirect is")
        host = self._host(redirect.host)
        if not self._limit.allow(now):
            raise RedirectRefusedError("more than ten times within the hour")
        here = self._configured
        return Endpoint(host, redirect.port or here.port, here.tls)

    def _host(self, asked: str | None) -> str:
        """Return the allowed host that was asked for."""
        here = self._configured.host
        if asked is None or normal_host(asked) == normal_host(here):
            return here
        if self._rule is not RedirectRule.LISTED or normal_host(asked) not in self._listed:
            raise RedirectRefusedError(f"to another host, {asked!r}")
        try:
            self._check(asked)
        except EgressRefusedError as error:
            raise RedirectRefusedError(str(error)) from error
        return normal_host(asked)
