"""Opens what a run is watched and steered by. It mines even where that cannot be opened."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from stampmill.core.cli.options import listen_address
from stampmill.core.cli.version import version
from stampmill.core.operate.access import READ_HERE, Door, parse_access
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.ports import why_not
from stampmill.core.settings import SurfaceSettings

Tell = Callable[[str, bool], None]
"""Takes a line for people, and whether it is a warning."""


class Server(Protocol):
    """Something that listens on a port."""

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Begin; raise OSError."""

    async def close(self) -> None:
        """End."""


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
    async with AsyncExitStack() as stack:
        if settings.api_listen is not None:
            await _open(stack, _api(desk, strategy, door), "cgminer API", settings.api_listen, tell)
        if settings.http_listen is not None:
            await _open(stack, _web(settings, desk), "HTTP", settings.http_listen, tell)
        yield


def _api(desk: Desk, strategy: str, door: Door) -> Server:
    # Only those who asked for it wait for its import.
    from stampmill.core.operate.cgminer.answers import Answers  # noqa: PLC0415
    from stampmill.core.operate.cgminer.server import ApiServer  # noqa: PLC0415

    return ApiServer(Answers(desk, f"stampmill {version()}", strategy), door)


def _web(settings: SurfaceSettings, desk: Desk) -> Server:
    # aiohttp takes a quarter of a second to import, which only those pay who asked for it.
    from stampmill.core.operate.web.app import Site  # noqa: PLC0415
    from stampmill.core.operate.web.server import WebServer  # noqa: PLC0415

    site = Site(desk, version(), settings.http_token, settings.axeos)
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
