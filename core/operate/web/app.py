"""What is served over HTTP, and to whom: reading is free here, changing needs the token."""

import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from stampmill.core.operate import transfer
from stampmill.core.operate.access import token_matches
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web import axeos

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY = 4096

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Site:
    """One run's site. Without a token nothing can be changed over HTTP."""

    desk: Desk
    version: str
    token: str | None = field(default=None, repr=False)
    axeos: bool = False
    """Speak as AxeOS does, too."""


def make_app(site: Site) -> web.Application:
    """Return the application."""
    app = web.Application(
        middlewares=[_in_bounds, _with_token(site.token)], client_max_size=MAX_BODY
    )
    app.router.add_get("/metrics", _metrics(site))
    app.router.add_get("/api/snapshot", _snapshot(site))
    app.router.add_post("/api/pause", _changing(site.desk.pause))
    app.router.add_post("/api/resume", _changing(site.desk.resume))
    app.router.add_get("/", _index(site))
    if site.axeos:
        _add_axeos(app, site)
    return app


def _add_axeos(app: web.Application, site: Site) -> None:
    async def info(_request: web.Request) -> web.Response:
        return _json(axeos.system_info(site.desk.snapshot(), site.version))

    async def asic(_request: web.Request) -> web.Response:
        return _json(axeos.asic(site.desk.snapshot()))

    app.router.add_get("/api/system/info", info)
    app.router.add_get("/api/system/asic", asic)
    app.router.add_post("/api/system/pause", _changing(site.desk.pause))
    app.router.add_post("/api/system/resume", _changing(site.desk.resume))


def _index(site: Site) -> Handler:
    text = f"<!doctype html><title>stampmill</title>{axeos.MARK if site.axeos else ''}"

    async def index(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    return index


def _snapshot(site: Site) -> Handler:
    async def snapshot(_request: web.Request) -> web.Response:
        body = transfer.encode(site.desk.snapshot())
        return web.Response(body=body, content_type="application/json")

    return snapshot


def _metrics(site: Site) -> Handler:
    # prometheus-client is an extra; a run whose metrics nobody reads need not have it.
    try:
        from stampmill.core.operate import metrics  # noqa: PLC0415
    except ImportError:
        return _no_metrics

    async def scrape(_request: web.Request) -> web.Response:
        body = metrics.render(site.desk.snapshot(), site.version)
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})

    return scrape


async def _no_metrics(_request: web.Request) -> web.Response:
    text = "metrics need the extra 'metrics': pip install 'stampmill[metrics]'\n"
    return web.Response(status=503, text=text)


def _changing(change: Callable[[str], None]) -> Handler:
    async def apply(request: web.Request) -> web.Response:
        change(f"{request.remote} over HTTP")
        return _json({"done": True})

    return apply


def _json(value: object) -> web.Response:
    # Nothing that is no number: clients in other languages choke on NaN.
    return web.json_response(value, dumps=lambda value: json.dumps(value, allow_nan=False))


@web.middleware
async def _in_bounds(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve one request a connection, only to who asked for this machine by its own name."""
    if not _is_here(request.host):
        # A page from elsewhere may have had its name resolved to our address (DNS rebinding).
        handler = _stranger
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        response = web.Response(status=refusal.status, text=f"{refusal.text}\n")
    response.force_close()
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


async def _stranger(_request: web.Request) -> web.Response:
    raise web.HTTPForbidden(text="not asked for by an address of this machine")


def _with_token(token: str | None) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in {"GET", "HEAD"} and not _has_token(request, token):
            why = "wrong token" if token else "no --http-token is set, so nothing can be changed"
            raise web.HTTPForbidden(text=why)
        return await handler(request)

    return check


def _has_token(request: web.Request, token: str | None) -> bool:
    given = request.headers.get("Authorization", "")
    return bool(token) and token_matches(given, f"Bearer {token}")


def _is_here(host: str) -> bool:
    """Tell whether a Host header names an address or this machine."""
    name = host.rpartition("]")[0].strip("[") if host.startswith("[") else host.partition(":")[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        return name.lower() in {"localhost", own, f"{own}.local"}
    return True
