"""Requests that come again byte by byte, and what answers them then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from stampmill.core.operate.web.polls import MAX_KNOWN, looks_like_http
from tests.core.operate.cgminer.questions import world
from tests.core.operate.desks import Rig
from tests.pool.loopback import in_loop

from .test_server import exchange, serving

PATHS = ("/metrics", "/api/snapshot", "/api/system/info", "/api/system/asic")


class Asked:
    """A port, and how much aiohttp has had to do with it."""

    def __init__(self, server, port: int) -> None:
        self._server, self.port = server, port

    @property
    def of_aiohttp(self) -> int:
        return self._server._runner.server.requests_count

    @property
    def known(self) -> int:
        return len(self._server._polls._known)


@asynccontextmanager
async def asking(rig: Rig | None = None) -> AsyncIterator[Asked]:
    async with serving(rig) as (server, port):
        yield Asked(server, port)


def get(path: str, extra: str = "", version: str = "1.1", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nHost: localhost\r\n{extra}\r\n".encode()


def parts(reply: bytes) -> tuple[str, list[str], bytes]:
    """Return status line, head in order without the date, and body."""
    head, _, body = reply.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, sorted(line for line in lines if not line.startswith("Date:")), body


@pytest.mark.parametrize("path", PATHS)
@in_loop
async def test_the_second_reply_is_the_first_without_aiohttp(path: str) -> None:
    async with asking() as asked:
        first, second = [await exchange(asked.port, get(path)) for _ in range(2)]
        assert b" 200 OK\r\n" in first
        assert b"\r\nDate: " in second
        assert parts(second) == parts(first)
        assert asked.of_aiohttp == 1


@pytest.mark.parametrize("path", PATHS)
@in_loop
async def test_a_reply_that_comes_fast_is_of_the_moment(path: str) -> None:
    rig = world()
    async with asking(rig) as asked:
        before = [await exchange(asked.port, get(path)) for _ in range(2)]
        device = replace(rig.run.shot.devices[0], kernel="another", enabled=False)
        rig.run.shot = replace(rig.run.shot, best_difficulty=7_654_321.0, devices=(device,))
        rig.now += 1
        after = await exchange(asked.port, get(path))
        assert parts(after)[2] not in {parts(each)[2] for each in before}
        assert asked.of_aiohttp == 1


@pytest.mark.parametrize(
    "data",
    [
        get("/api/snapshot", method="HEAD"),
        get("/api/snapshot", version="1.0"),
        get("/api/snapshot", "Content-Length: 2\r\n") + b"{}",
        get("/api/snapshot", "Expect: 100-continue\r\n"),
        get("/api/snapshot", "Upgrade: h2c\r\nConnection: Upgrade\r\n"),
        get("/api/snapshot", f"X: {'x' * 4000}\r\n"),
        get("/api/snapshot") * 2,
        get("/api/snapshot?1").replace(b"localhost", b"evil.example"),
        get("/"),
        get("/api/nothing"),
    ],
)
@in_loop
async def test_what_is_no_plain_request_for_a_document_is_judged_every_time(data: bytes) -> None:
    async with asking() as asked:
        first, second = [await exchange(asked.port, data) for _ in range(2)]
        assert parts(first)[0] == parts(second)[0] != ""
        assert asked.known == 0
        assert asked.of_aiohttp == 2


@in_loop
async def test_a_request_in_pieces_is_one_request() -> None:
    async with asking() as asked:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", asked.port)
            for piece in (get("/metrics")[:20], get("/metrics")[20:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
            assert b" 200 OK\r\n" in await reader.read()
            writer.close()
            await writer.wait_closed()
        assert asked.of_aiohttp == 1


@in_loop
async def test_only_so_many_requests_are_remembered() -> None:
    async with asking() as asked:
        for number in range(MAX_KNOWN + 5):
            await exchange(asked.port, get(f"/api/system/asic?{number}"))
        assert asked.known == MAX_KNOWN
        assert asked.of_aiohttp == MAX_KNOWN + 5


@pytest.mark.parametrize(
    ("data", "is_http"),
    [
        (b"GET / HTTP/1.1\r\n", True),
        (b"G", True),
        (b"\r\nGET /", True),
        (b"\r\n", True),
        (b"M-SEARCH * ", True),
        (b"{", False),
        (b"\x16\x03\x01", False),
        (b"summary|", False),
        (b"A" * 40, False),
        (b"GET\r\n", False),
    ],
)
def test_rubbish_is_known_by_its_beginning(data: bytes, *, is_http: bool) -> None:
    assert looks_like_http(data) is is_http
