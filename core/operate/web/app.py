"""What is served over HTTP: the page and what feeds it, metrics, the JSON of AxeOS."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from aiohttp import web

from stampmill.core.operate import transfer
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web import assets, axeos
from stampmill.core.operate.web.bounds import Handler, add_headers, in_bounds, with_token
from stampmill.core.operate.web.control import add_control
from stampmill.core.operate.web.hub import Pages
from stampmill.core.operate.web.polls import Document, Sheet
from stampmill.core.operate.web.watch import Watch
from stampmill.core.snapshot import Snapshot

MAX_BODY = 4096


@dataclass(frozen=True, slots=True)
class Site:
    """One run's site. Without a token nothing can be changed over HTTP."""

    desk: Desk
    version: str
    token: str | None = field(default=None, repr=False)
    axeos: bool = False
    """Speak as AxeOS does, too."""


class Port(Protocol):
    """What serves the application."""

    def let_stay(self, connection: object) -> None:
        """Have patience with a connection whose reply has no end."""

    def learn(self, request: web.Request, document: Document) -> None:
        """Remember what was answered with a document."""


def make_app(site: Site, port: Port) -> web.Application:
    """Return the application."""
    app = web.Application(middlewares=[in_bounds, with_token(site.token)], client_max_size=MAX_BODY)
    app.on_response_prepare.append(add_headers)
    watch = Watch(site.desk, site.version, writable=bool(site.token), let_stay=port.let_stay)
    for path, document in _documents(site, watch.hub.pages).items():
        answer = _shown(site.desk, document, port) if document else _no_metrics
        app.router.add_get(path, answer)
    _add_page(app, site, watch)
    _add_changes(app, site.desk)
    if site.axeos:
        app.router.add_post("/api/system/pause", _changing(site.desk.pause))
        app.router.add_post("/api/system/resume", _changing(site.desk.resume))
    return app


def _documents(site: Site, pages: Pages) -> dict[str, Document | None]:
    """Return what is polled, by its path; None for what the extra is not installed for."""
    found: dict[str, Document | None] = {
        "/metrics": _metrics(site.version, pages),
        "/api/snapshot": Sheet("application/json", transfer.encode),
    }
    if site.axeos:
        found["/api/system/info"] = _sheet(lambda shot: axeos.system_info(shot, site.version))
        found["/api/system/asic"] = _sheet(axeos.asic)
    return found


def _sheet(make: Callable[[Snapshot], object]) -> Sheet:
    return Sheet("application/json; charset=utf-8", lambda shot: _dumps(make(shot)).encode())


def _metrics(version: str, pages: Pages) -> Document | None:
    # prometheus-client is an extra; a run whose metrics nobody reads need not have it.
    try:
        from stampmill.core.operate.metrics import collector, exposition  # noqa: PLC0415
        from stampmill.core.operate.web import page_metrics  # noqa: PLC0415
    except ImportError:
        return None
    return exposition.Exposition(
        lambda shot: chain(collector.families(shot, version), page_metrics.families(pages))
    )


def _shown(desk: Desk, document: Document, port: Port) -> Handler:
    async def show(request: web.Request) -> web.Response:
        port.learn(request, document)
        body = await document.of(desk.snapshot())
        return web.Response(body=body, headers={"Content-Type": document.content_type})

    return show


def _add_page(app: web.Application, site: Site, watch: Watch) -> None:
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


async def _no_metrics(_request: web.Request) -> web.Response:
    text = "metrics need the extra 'metrics': pip install 'stampmill[metrics]'\n"
    return web.Response(status=503, text=text)


def _changing(change: Callable[[str], None]) -> Handler:
    async def apply(request: web.Request) -> web.Response:
        change(f"{request.remote} over HTTP")
        return _json({"done": True})

    return apply


def _json(value: object) -> web.Response:
    return web.json_response(value, dumps=_dumps)


def _dumps(value: object) -> str:
    # Nothing that is no number: clients in other languages choke on NaN.
    return json.dumps(value, allow_nan=False)
