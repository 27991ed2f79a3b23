"""The page's files and its streams, over real sockets."""

import asyncio
import contextlib
import hashlib
import json
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stampmill.core.events import Observer
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web import app, assets, hub, watch
from stampmill.core.operate.web.app import Site
from stampmill.core.operate.web.server import WebServer
from tests.core.operate.cgminer.questions import world
from tests.core.operate.desks import Rig
from tests.core.operate.waits import eventually
from tests.core.snapshots import DEVICE
from tests.pool.loopback import in_loop

from .events import ACCEPTED, Message, messages
from .test_server import exchange, request, serving

PAGE = Path(app.__file__).parent / "page"
PATIENCE = 30.0


@asynccontextmanager
async def streaming(port: int, after: str = "") -> AsyncIterator[asyncio.StreamReader]:
    """Open a stream and read its head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = f"GET /api/events?after={after} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    writer.write(line.encode())
    try:
        yield reader
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until(reader: asyncio.StreamReader, kind: str) -> list[Message]:
    """Return the messages up to the first of a kind."""
    data = b""
    async with asyncio.timeout(PATIENCE):
        while not (found := messages(_unchunked(data))) or found[-1].kind != kind:
            more = await reader.read(65536)
            assert more, f"the stream ended: {data!r}"
            data += more
    return found


def _unchunked(data: bytes) -> bytes:
    return re.sub(rb"\r\n[0-9a-f]+\r\n", b"", data)


# Files


@in_loop
async def test_every_file_that_the_page_names_is_there() -> None:
    async with serving() as (_, port):
        index = (await request(port, "GET /"))[2]
        named = set(re.findall(r'(?:src|href)="(page/[^"]+)"', index))
        for path in PAGE.rglob("*.js"):
            for name in re.findall(r'from "(\..+\.js)"', path.read_text()):
                named.add(f"page/{(path.parent / name).resolve().relative_to(PAGE)}")
        assert {"page/app.js", "page/style.css", "page/view/chart.js"} <= named
        for name in named:
            assert (await request(port, f"GET /{name}"))[0] == 200, name


@in_loop
async def test_a_file_is_what_it_is_and_is_sent_anew_only_when_it_changed() -> None:
    async with serving() as (_, port):
        _, head, body = await request(port, "GET /page/app.js")
        assert body == (PAGE / "app.js").read_text()
        assert "Content-Type: text/javascript" in head
        (mark,) = re.findall(r"ETag: (\S+)", head)
        status, _, nothing = await request(
            port, "GET /page/app.js", extra=f"If-None-Match: {mark}\r\n"
        )
        assert (status, nothing) == (304, "")


@in_loop
async def test_no_other_file_can_be_had() -> None:
    async with serving() as (_, port):
        for path in (
            "/page/", "/page", "/page/../app.py", "/page/%2e%2e/app.py", "/page/..%2fapp.py",
            "/page//etc/passwd", "/page/uplot/../../app.py", "/page/app.js%00.css", "/../app.py",
            "/page/\\..\\app.py", "/page/index.html",
        ):  # fmt: skip
            assert (await request(port, f"GET {path}"))[0] in {400, 404}, path


@in_loop
async def test_nothing_inline_nothing_from_elsewhere_and_in_nobodys_frame() -> None:
    async with serving() as (_, port):
        for path in ("/", "/page/app.js", "/api/history", "/metrics", "/nowhere"):
            _, head, _ = await request(port, f"GET {path}")
            (policy,) = re.findall(r"Content-Security-Policy: (.*)\r", head)
            assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "nosniff" in head
        index = (PAGE / "index.html").read_text()
        assert re.findall(r"<style| style=| on\w+=|<script(?![^>]*src=)|//[a-z]", index) == []


def test_what_others_wrote_is_what_they_published() -> None:
    origin = (PAGE / "uplot/ORIGIN.txt").read_text()
    told = dict(
        line.split()[::-1] for line in origin.splitlines() if re.match("[0-9a-f]{64} ", line)
    )
    files = [path for path in (PAGE / "uplot").iterdir() if path.name != "ORIGIN.txt"]
    assert len(files) == 3
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == told[path.name]


def test_the_page_is_small() -> None:
    assert sum(len(asset.body) for asset in assets.load().values()) < 130_000


# The past


@in_loop
async def test_the_past_is_told_by_the_run_it_belongs_to() -> None:
    async with serving() as (_, port), streaming(port) as reader:
        hello = (await until(reader, "tick"))[0].data
        past = json.loads((await request(port, "GET /api/history"))[2])
        assert past["run"] == hello["run"]
        assert past["devices"] == ["cpu0", "cpu1"]
        assert past["rows"][0][1:] == [5_000_000] * 3


def test_who_asks_in_the_same_second_shares_the_answer() -> None:
    seen = watch.Watch(world().desk, "1.0", writable=False, let_stay=lambda _: None)
    seen.sample()

    async def past() -> bytes:
        return (await seen.history(None)).body  # type: ignore[arg-type, return-value]

    first, second = asyncio.run(past()), asyncio.run(past())
    assert first is second
    seen.sample()
    assert asyncio.run(past()) is not first


# Streams


@in_loop
async def test_a_stream_tells_what_happens_and_outlives_the_patience_for_requests() -> None:
    rig = world()
    listeners: list[Observer] = []
    rig.desk = Desk(rig.run, rig.run, listen=listeners.append)
    async with serving(rig, patience=0.05) as (server, port), streaming(port) as reader:
        assert [m.kind for m in await until(reader, "tick")] == ["hello", "news", "tick"]
        assert server.guard is not None
        (on_event,) = listeners
        on_event(ACCEPTED)
        (told,) = (await until(reader, "news"))[-1].data["news"]
        assert (told["kind"], told["device"]) == ("accepted", "cpu0")
        # A second tick, long after a request would have been given up.
        assert (await until(reader, "tick"))[-1].data["snapshot"]["jobs"] == 4


@in_loop
async def test_a_stream_that_ended_is_forgotten() -> None:
    async with serving() as (server, port):
        async with streaming(port) as reader:
            await until(reader, "tick")
        assert server.guard is not None
        guard = server.guard
        await eventually(lambda: not guard._timers)


@in_loop
async def test_of_two_hundred_pages_those_there_is_room_for_are_served() -> None:
    async with serving() as (_, port), contextlib.AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(streaming(port)) for _ in range(200)]
        heads = await asyncio.gather(*(reader.readuntil(b"\r\n\r\n") for reader in readers))
        codes = [head.split(b" ")[1] for head in heads]
        assert codes.count(b"200") == hub.MAX_PAGES
        assert codes.count(b"503") == 200 - hub.MAX_PAGES
        assert (await request(port, "GET /api/snapshot"))[0] == 200
        served = [reader for reader, code in zip(readers, codes, strict=True) if code == b"200"]
        ticks = await asyncio.gather(*(until(reader, "tick") for reader in served))
        assert all(each[-1].data["snapshot"]["accepted"] == 21 for each in ticks)


@in_loop
async def test_a_page_that_never_reads_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "TICK_SECONDS", 0.005)
    rig = Rig(devices=(DEVICE,) * 500)
    async with serving(rig, patience=60) as (server, port), contextlib.AsyncExitStack() as stack:
        client = stack.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert server.guard is not None
        guard = server.guard
        await eventually(lambda: guard._timers)
        await eventually(lambda: not guard._timers)
        async with streaming(port) as reader:
            assert (await until(reader, "tick"))[-1].data["pages"]["never_read"] == 1
            told = (await request(port, "GET /metrics"))[2].splitlines()
            assert "stampmill_pages_open 1.0" in told
            assert 'stampmill_pages_refused_total{reason="never-read"} 1.0' in told
            assert 'stampmill_pages_refused_total{reason="turned-away"} 0.0' in told


@in_loop
async def test_streams_do_not_keep_a_run_from_ending() -> None:
    site = Site(world().desk, "1.0")
    server = WebServer(site)
    _, port = await server.listen("127.0.0.1", 0)
    async with streaming(port) as reader:
        await until(reader, "tick")
        begun = time.monotonic()
        await server.close()
        assert time.monotonic() - begun < PATIENCE
        assert await reader.read() in {b"", b"0\r\n\r\n"}


# Changes


@in_loop
async def test_the_order_of_the_pools_is_changed_with_the_token_alone() -> None:
    rig = world()

    async def order(text: str, token: str = "s3cret") -> tuple[int, str]:
        head = f"Content-Length: {len(text)}\r\n"
        line = f"POST /api/pools HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        reply = await exchange(port, f"{line}{head}\r\n{text}".encode())
        return int(reply.split(b" ")[1]), reply.decode()

    async with serving(rig) as (_, port):
        assert (await order('{"order":[1,0]}', "guess"))[0] == 403
        assert rig.run.told == []
        assert (await order('{"order":[1,0]}'))[0] == 200
        assert rig.run.told == [("reorder", 1, 0)]
        assert rig.recorded[-1]["who"] == "127.0.0.1 over HTTP"
        status, reply = await order('{"order":[1,0,2]}')
        assert (status, "there is no order" in reply) == (409, True)
        for text in ("", "[]", '{"order":["1"]}', '{"order":NaN}', '{"order":[1,0]', "\xff"):
            assert (await order(text))[0] == 400, text
        assert (await order('{"order":[' + "0," * 5000 + "0]}"))[0] == 413


@in_loop
async def test_a_run_without_pools_of_its_own_has_no_order() -> None:
    rig = world()
    rig.desk = Desk(rig.run)
    async with serving(rig) as (_, port):
        head = "Authorization: Bearer s3cret\r\nContent-Length: 13\r\n"
        line = f"POST /api/pools HTTP/1.1\r\nHost: localhost\r\n{head}\r\n" + '{"order":[0]}'
        assert b"no pools of yours" in await exchange(port, line.encode())


@in_loop
async def test_a_page_learns_whether_its_token_is_right() -> None:
    async with serving() as (_, port):
        assert (await request(port, "POST /api/token", token="s3cret"))[0] == 200
        assert (await request(port, "POST /api/token", token="guess"))[0] == 403
