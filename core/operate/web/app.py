"""What is served over HTTP: the page and what feeds it, metrics, the JSON of AxeOS."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from stampmill.core.operate import transfer
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web import assets, axeos
from stampmill.core.operate.web.bounds import Handler, add_headers, in_bounds, with_token
from stampmill.core.operate.web.control import add_control
from stampmill.core.operate.web.watch import Watch

MAX_BODY = 4096


@dataclass(frozen=True, slots=True)
class Site:
    """One run's site. Without a token nothing can be changed over HTTP."""

    desk: Desk
    version: str
    token: str | None = field(default=None, repr=False)
    axeos: bool = False
    """Speak as AxeOS does, too."""


def make_app(
    site: Site, let_stay: Callable[[object], None] = lambda _transport: None
) -> web.Application:
    """Return the application; `let_stay` is told the connection of a reply that has no end."""
    app = web.Application(middlewares=[in_bounds, with_token(site.token)], client_max_size=MAX_BODY)
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/metrics", _metrics(site))
    app.router.add_get("/api/snapshot", _snapshot(site))
    _add_page(app, site, let_stay)
    _add_changes(app, site.desk)
    if site.axeos:
        _add_axeos(app, site)
    return app


def _add_page(app: web.Application, site: Site, let_stay: Callable[[object], None]) -> None:
    watch = Watch(site.desk, site.version, writable=bool(site.token), let_stay=let_stay)
    app.cleanup_ctx.append(watch.run)
    app.on_shutdown.append(watch.end)
    app.router.add_get("/api/history", watch.history)
    app.router.add_get("/api/events", watch.events, allow_head=False)
    files = assets.load(axeos.MARK if site.axeos else "")
    app.router.add_get("/", files.pop(assets.INDEX).answer)
    for name, asset in files.items():
        app.router.add_get(f"/{assets.PAGE}/{name}", asset.answer)


def _add_changes(app: web.Application, desk: Desk) -> None:
    app.router.add_post("/api/token", _changing(lambda _who: None))
    app.router.add_post("/api/pause", _changing(desk.pause))
    app.router.add_post("/api/resume", _changing(desk.resume))
    add_control(app, desk)


def _add_axeos(app: web.Application, site: Site) -> None:
    async def info(_request: web.Request) -> web.Response:
        return _json(axeos.system_info(site.desk.snapshot(), site.version))

    async def asic(_request: web.Request) -> web.Response:
        return _json(axeos.asic(site.desk.snapshot()))

    app.router.add_get("/api/system/info", info)
    app.router.add_get("/api/system/asic", asic)
    app.router.add_post("/api/system/pause", _changing(site.desk.pause))
    app.router.add_post("/api/system/resume", _changing(site.desk.resume))


def _snapshot(site: Site) -> Handler:
    async def snapshot(_request: web.Request) -> web.Response:
        body = transfer.encode(site.desk.snapshot())
        return web.Response(body=body, content_type="application/json")

    return snapshot


def _metrics(site: Site) -> Handler:
    # prometheus-client is an extra; a run whose metrics nobody reads need not have it.
    try:
        from stampmill.core.operate import exposition, metrics  # noqa: PLC0415
    except ImportError:
        return _no_metrics
    shown = exposition.Exposition(lambda shot: metrics.families(shot, site.version))

    async def scrape(_request: web.Request) -> web.Response:
        body = await shown.of(site.desk.snapshot())
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
