"""HTTP over the allow-list: a real client at a real server on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from stampmill.pool.egress import Egress
from stampmill.pool.transport.faults import EgressRefusedError
from stampmill.pool.transport.http_connector import egress_connector


@asynccontextmanager
async def node() -> AsyncIterator[tuple[int, list[str]]]:
    """Serve on 127.0.0.1; yield the port and the paths that were asked for."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/moved":
            raise web.HTTPFound(f"http://127.0.0.2:{request.url.port}/elsewhere")
        return web.Response(text="here")

    server = web.Server(answer)
    runner = web.ServerRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


async def get(egress: Egress, url: str) -> str:
    async with (
        aiohttp.ClientSession(connector=egress_connector(egress)) as session,
        session.get(url) as response,
    ):
        return await response.text()


@pytest.mark.parametrize(
    ("entries", "host"),
    [
        (["localhost"], "localhost"),
        (["127.0.0.1"], "127.0.0.1"),
        (["127.0.0.0/8"], "127.0.0.1"),
        (["127.0.0.0/8"], "localhost"),
        (["localhost", "127.0.0.0/8"], "localhost"),
    ],
)
def test_a_listed_host_is_reached(entries: list[str], host: str) -> None:
    async def main() -> None:
        async with node() as (port, _):
            assert await get(Egress(entries), f"http://{host}:{port}/") == "here"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("entries", "host"),
    [
        (["localhost"], "127.0.0.1"),
        (["127.0.0.1"], "localhost"),
        (["10.0.0.0/8"], "127.0.0.1"),
        (["10.0.0.0/8"], "localhost"),
        (["localhost", "10.0.0.0/8"], "localhost"),
        ([], "127.0.0.1"),
    ],
)
def test_any_other_host_gets_no_connection(entries: list[str], host: str) -> None:
    async def main() -> None:
        async with node() as (port, asked):
            egress = Egress(entries)
            with pytest.raises(EgressRefusedError):
                await get(egress, f"http://{host}:{port}/")
            assert asked == []
            assert egress.refusals >= 1

    asyncio.run(main())


def test_a_redirect_of_the_server_does_not_lead_past_the_list() -> None:
    async def main() -> None:
        async with node() as (port, asked):
            with pytest.raises(EgressRefusedError):
                await get(Egress(["localhost"]), f"http://localhost:{port}/moved")
            assert asked == ["/moved"]

    asyncio.run(main())
