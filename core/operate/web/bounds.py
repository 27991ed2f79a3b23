"""Who is answered over HTTP, and with what headers: reading is free, changing needs a token."""

import ipaddress
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from stampmill.core.operate.access import token_matches

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    # Nothing from elsewhere, nothing inline, and no text that becomes markup.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add what every reply has, those that have no end too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def in_bounds(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve one request a connection, only to who asked for this machine by its own name."""
    if not _is_here(request.host):
        # A page from elsewhere may have had its name resolved to our address (DNS rebinding).
        handler = _stranger
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        response = web.Response(status=refusal.status, text=f"{refusal.text}\n")
    response.force_close()
    return response


def with_token(token: str | None) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Return what lets nobody change anything without the token."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in {"GET", "HEAD"} and not _has_token(request, token):
            why = "wrong token" if token else "no --http-token is set, so nothing can be changed"
            raise web.HTTPForbidden(text=why)
        return await handler(request)

    return check


async def _stranger(_request: web.Request) -> web.Response:
    raise web.HTTPForbidden(text="not asked for by an address of this machine")


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
