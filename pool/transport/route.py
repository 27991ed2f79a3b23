"""From a pool's settings to the route that connections to it take."""

from collections.abc import Iterable
from pathlib import Path

from stampmill.core.errors import UsageError
from stampmill.core.settings import PoolSettings, Timeouts
from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.transport.connect import ConnectLimits, Route
from stampmill.pool.transport.pins import parse_pin
from stampmill.pool.transport.proxy import Proxy, parse_proxy
from stampmill.pool.transport.tls import Tls


def plan_route(
    settings: PoolSettings, endpoint: Endpoint, egress: Egress | None, timeouts: Timeouts
) -> Route:
    """Return the route; raise UsageError, or MissingExtraError.

    Without an allow-list of the user's, the pool's own hosts are it.
    """
    proxy = None if settings.proxy is None else parse_proxy(settings.proxy)
    hosts = _hosts(settings, endpoint, proxy)
    if egress is None:
        egress = Egress(hosts)
    egress.require(hosts)
    return Route(egress, _tls(settings, endpoint), proxy, _limits(timeouts))


def _limits(timeouts: Timeouts) -> ConnectLimits:
    return ConnectLimits(
        dial=timeouts.connect,
        # Tor builds a circuit meanwhile, so a proxy gets twice the time.
        proxy=2 * timeouts.connect,
        tls=timeouts.connect,
        keep_idle=timeouts.keep_alive,
        keep_interval=max(1, timeouts.keep_alive // 3),
        unacknowledged=timeouts.unacknowledged,
    )


def _hosts(settings: PoolSettings, endpoint: Endpoint, proxy: Proxy | None) -> Iterable[str]:
    redirected = settings.redirect_hosts if settings.redirect == "listed" else ()
    return [endpoint.host, *redirected, *([] if proxy is None else [proxy.endpoint.host])]


def _tls(settings: PoolSettings, endpoint: Endpoint) -> Tls | None:
    pins = [parse_pin(text) for text in settings.tls_pins]
    ca_file = None if settings.tls_ca is None else Path(settings.tls_ca).expanduser()
    if endpoint.tls:
        return Tls(pins, ca_file, insecure=settings.tls_insecure)
    if pins or ca_file or settings.tls_insecure:
        hint = f"write stratum+ssl://{endpoint.place}, if the pool has TLS at this port"
        raise UsageError(f"tls-pin, tls-ca and tls-insecure are for TLS, not {endpoint}: {hint}")
    return None
