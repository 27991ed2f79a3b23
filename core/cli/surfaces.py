"""Opens what a run is watched and steered by. It mines even where that cannot be opened."""

import argparse
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Protocol

from stampmill.core.cli.options import listen_address
from stampmill.core.operate.access import READ_HERE, Door, parse_access
from stampmill.core.operate.cgminer.answers import Answers
from stampmill.core.operate.cgminer.server import ApiServer
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.ports import why_not
from stampmill.core.settings import SurfaceSettings

API_PLACE = "127.0.0.1:4028"
"""cgminer's port."""
HTTP_PLACE = "127.0.0.1:8080"

Tell = Callable[[str, bool], None]
"""Takes a line for people, and whether it is a warning."""


class Server(Protocol):
    """Something that listens on a port."""

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Begin; raise OSError."""

    async def close(self) -> None:
        """End."""


def add_surface_options(parser: argparse.ArgumentParser) -> None:
    """Add where the run can be watched and steered from outside."""
    group = parser.add_argument_group(
        "watching and steering",
        "Nothing listens unless told to, and then on this machine only unless told otherwise.",
    )
    add = group.add_argument
    add(
        "--api-listen",
        metavar="HOST:PORT",
        nargs="?",
        const=API_PLACE,
        help=f"serve the cgminer API ({API_PLACE})",
    )
    add(
        "--api-allow",
        metavar="LIST",
        help="who may use it, first match wins: W:127.0.0.1,R:10.0.0.0/24 lets the former change "
        "things and the latter read (this machine may read)",
    )
    add(
        "--http-listen",
        metavar="HOST:PORT",
        nargs="?",
        const=HTTP_PLACE,
        help=f"serve a page to watch the run, and /metrics, over HTTP ({HTTP_PLACE})",
    )
    add(
        "--http-token",
        metavar="TOKEN",
        help="who sends 'Authorization: Bearer TOKEN' may change things over HTTP; others on this "
        "machine see flags, so keep it in the configuration file or STAMPMILL_HTTP_TOKEN",
    )
    add(
        "--axeos",
        action="store_const",
        const="true",
        help="answer over HTTP as AxeOS does, too, for monitors that know nothing else",
    )


def check_surfaces(settings: SurfaceSettings) -> None:
    """Raise UsageError for settings that no surface could take."""
    parse_access(settings.api_allow or READ_HERE)
    for place in (settings.api_listen, settings.http_listen):
        if place is not None:
            listen_address(place)


@asynccontextmanager
async def open_surfaces(
    settings: SurfaceSettings, desk: Desk, tell: Tell, strategy: str, door: Door
) -> AsyncIterator[None]:
    """Serve a run while inside; `door` lets in who may use the API."""
    name = f"stampmill {version('stampmill')}"
    async with AsyncExitStack() as stack:
        if settings.api_listen is not None:
            api = ApiServer(Answers(desk, name, strategy), door)
            await _open(stack, api, "cgminer API", settings.api_listen, tell)
        if settings.http_listen is not None:
            await _open(stack, _web(settings, desk), "HTTP", settings.http_listen, tell)
        yield


def _web(settings: SurfaceSettings, desk: Desk) -> Server:
    # aiohttp takes a quarter of a second to import, which only those pay who asked for it.
    from stampmill.core.operate.web.app import Site  # noqa: PLC0415
    from stampmill.core.operate.web.server import WebServer  # noqa: PLC0415

    site = Site(desk, version("stampmill"), settings.http_token, settings.axeos)
    return WebServer(site)


async def _open(stack: AsyncExitStack, server: Server, name: str, place: str, tell: Tell) -> None:
    host, port = listen_address(place)
    try:
        found, bound = await server.listen(host, port)
    except OSError as error:
        tell(f"no {name}: {why_not(error, host, port)}; mining goes on without it", True)
        return
    stack.push_async_callback(server.close)
    shown = f"[{found}]" if ":" in found else found
    tell(f"{name} at {shown}:{bound}", False)
