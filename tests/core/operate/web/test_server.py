"""The HTTP port, met by real sockets."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stampmill.core.operate.web import guard as module
from stampmill.core.operate.web.app import Site
from stampmill.core.operate.web.server import WebServer
from tests.core.operate.cgminer.questions import world
from tests.core.operate.desks import Rig
from tests.core.operate.waits import eventually
from tests.core.snapshots import DEVICE
from tests.pool.loopback import in_loop


@asynccontextmanager
async def serving(
    rig: Rig | None = None, *, token: str | None = "s3cret", axeos: bool = True, patience: float = 5
) -> AsyncIterator[tuple[WebServer, int]]:
    site = Site((rig or world()).desk, "1.0", token, axeos)
    server = WebServer(site, patience=patience)
    _, port = await server.listen("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.close()


async def exchange(port: int, data: bytes) -> bytes:
    """Return all that comes for some bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def request(
    port: int, line: str, host: str = "127.0.0.1:8080", token: str = "", extra: str = ""
) -> tuple[int, str, str]:
    """Return status, head and body of the reply to a request."""
    auth = f"Authorization: Bearer {token}\r\n" if token else ""
    text = f"{line} HTTP/1.1\r\nHost: {host}\r\n{auth}{extra}\r\n"
    head, _, body = (await exchange(port, text.encode())).decode().partition("\r\n\r\n")
    return int(head.split(" ")[1]), head, body


@in_loop
async def test_a_reply_closes_the_connection_and_trusts_no_other_site() -> None:
    async with serving() as (_, port):
        status, head, body = await request(port, "GET /")
        assert status == 200
        assert "AxeOS" in body
        for header in (
            "Connection: close", "Content-Security-Policy: default-src 'none'",
            "X-Content-Type-Options: nosniff",
        ):  # fmt: skip
            assert header in head
        assert "Access-Control" not in head


@in_loop
async def test_axeos_is_spoken_only_when_asked_for() -> None:
    async with serving(axeos=False) as (_, port):
        assert "AxeOS" not in (await request(port, "GET /"))[2]
        assert (await request(port, "GET /api/system/info"))[0] == 404


@in_loop
async def test_a_name_that_somebody_elses_dns_made_ours_is_refused() -> None:
    async with serving() as (_, port):
        for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""):
            assert (await request(port, "GET /metrics", host))[0] in {400, 403}
        own = socket.gethostname()
        for host in ("127.0.0.1:1", "[::1]:8080", "localhost", "192.168.1.5", own):
            assert (await request(port, "GET /metrics", host))[0] == 200


@in_loop
async def test_changes_need_the_token() -> None:
    rig = world()
    async with serving(rig) as (_, port):
        for path in ("/api/pause", "/api/system/pause"):
            for token in ("", "guess"):
                assert (await request(port, f"POST {path}", token=token))[0] == 403
        for method in ("PATCH", "PUT", "DELETE"):
            assert (await request(port, f"{method} /api/system"))[0] == 403
        assert rig.run.told == []
        assert (await request(port, "POST /api/pause", token="s3cret"))[0] == 200
        assert (await request(port, "POST /api/system/resume", token="s3cret"))[0] == 200
        assert rig.run.told == [("pause", "127.0.0.1 over HTTP"), "resume"]


@in_loop
async def test_without_a_token_set_nothing_can_be_changed() -> None:
    for token in (None, ""):
        async with serving(token=token) as (_, port):
            for given in ("", "None"):
                status, _, body = await request(port, "POST /api/pause", token=given)
                assert status == 403
                assert "no --http-token is set" in body


@in_loop
async def test_who_says_nothing_or_half_or_does_not_stop_is_left() -> None:
    async with serving(patience=0.1) as (server, port):
        for begun in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "):
            assert await exchange(port, begun) == b""
        assert server.waiting == 0


@in_loop
async def test_what_is_no_http_or_too_much_of_it_is_answered_briefly() -> None:
    async with serving() as (_, port):
        assert b" 400 " in (await exchange(port, b'{"command":"summary"}\r\n\r\n'))[:20]
        assert b" 400 " in (await exchange(port, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n"))[:20]


@pytest.mark.parametrize("line", [b"{{{", b"GET /\xfa", b"GET /" + b"a" * 9000, b"GET / HTTP/1w1"])
@in_loop
async def test_what_is_no_http_is_not_worth_a_line(
    line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as (_, port):
        await exchange(port, line + b"\r\n\r\n")
    assert caplog.records == []


@in_loop
async def test_two_hundred_at_once_are_all_answered() -> None:
    async with serving() as (server, port):
        replies = await asyncio.gather(*(request(port, "GET /metrics") for _ in range(200)))
        assert {status for status, _, _ in replies} == {200}
        assert server.guard is not None
        assert server.guard.turned_away == 0


@in_loop
async def test_more_than_can_be_served_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLIENTS", 2)
    async with serving() as (server, port):
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for _, writer in idle:
            writer.write(b"G")
        await eventually(lambda: server.waiting == 2)
        assert await exchange(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
        assert server.guard is not None
        assert server.guard.turned_away == 1
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()


@in_loop
async def test_who_never_reads_is_left() -> None:
    rig = Rig(devices=(DEVICE,) * 4000)
    async with serving(rig, patience=2) as (server, port):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert server.guard is not None
        seen = 0
        for _ in range(300):
            await asyncio.sleep(0.02)
            seen = max(seen, len(server.guard._timers))
            if seen and not server.guard._timers:
                break
        assert (seen, len(server.guard._timers)) == (1, 0)
        client.close()


@in_loop
async def test_without_the_extra_metrics_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "stampmill.core.operate.metrics.collector", None)
    monkeypatch.delattr("stampmill.core.operate.metrics.collector", raising=False)
    async with serving() as (_, port):
        status, _, body = await request(port, "GET /metrics")
        assert status == 503
        assert "pip install 'stampmill[metrics]'" in body
        assert (await request(port, "GET /api/system/info"))[0] == 200
