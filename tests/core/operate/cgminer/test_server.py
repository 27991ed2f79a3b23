"""The port itself, met by real sockets: patient with nobody, and never more than it can hold."""

import asyncio
import contextlib
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stampmill.core.operate.access import READ_HERE, parse_access
from stampmill.core.operate.cgminer import server as module
from stampmill.core.operate.cgminer.answers import Answers
from stampmill.core.operate.cgminer.server import ApiServer
from tests.core.operate.asking import ask
from tests.core.operate.desks import Rig
from tests.core.operate.waits import eventually
from tests.core.snapshots import DEVICE
from tests.pool.loopback import in_loop

from .questions import NAME, world

REQUEST = b'{"command":"summary"}'


@asynccontextmanager
async def serving(
    access: str = READ_HERE, patience: float = 5.0
) -> AsyncIterator[tuple[ApiServer, int]]:
    server = ApiServer(Answers(world().desk, NAME), parse_access(access), patience=patience)
    _, port = await server.listen("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.close()


@in_loop
async def test_a_reply_ends_with_nul_and_the_end_of_the_connection() -> None:
    async with serving() as (_, port):
        reply = await ask(port, REQUEST)
        assert reply.endswith(b"\0")
        assert json.loads(reply[:-1])["SUMMARY"][0]["Accepted"] == 21


@in_loop
async def test_a_request_may_come_in_pieces_and_be_closed_behind() -> None:
    async with serving() as (_, port):
        assert b"SUMMARY" in await ask(port, REQUEST[:5], REQUEST[5:], eof=True)
        assert b'Code":23' in await ask(port, REQUEST[:5], eof=True)
        assert await ask(port, eof=True) == b""


@in_loop
async def test_who_is_not_on_the_list_hears_nothing() -> None:
    async with serving(access="W:10.0.0.1") as (server, port):
        with contextlib.suppress(ConnectionError):
            assert await ask(port, REQUEST) == b""
        assert server.turned_away == 1


@in_loop
async def test_a_client_that_says_nothing_or_half_is_left() -> None:
    async with serving(patience=0.05) as (server, port):
        for begun in (b"", b'{"comm'):
            with contextlib.suppress(ConnectionError):
                assert await ask(port, begun) == b""
        assert server.waiting == 0


@in_loop
async def test_a_client_that_never_reads_is_left() -> None:
    rig = Rig(devices=(DEVICE,) * 8000)
    server = ApiServer(Answers(rig.desk, NAME), parse_access(READ_HERE), patience=0.3)
    _, port = await server.listen("127.0.0.1", 0)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, b"devs")
    seen = 0
    for _ in range(200):
        await asyncio.sleep(0.02)
        seen = max(seen, server.waiting)
        if seen and not server.waiting:
            break
    assert (seen, server.waiting) == (1, 0)
    client.close()
    await server.close()


@in_loop
async def test_a_flood_is_cut_off() -> None:
    async with serving() as (_, port):
        with contextlib.suppress(ConnectionError):
            reply = await ask(port, *[b'{"x":"' + b"x" * 65536] * 20)
            assert b"longer than 4096 bytes" in reply


@in_loop
async def test_two_hundred_at_once_are_all_answered() -> None:
    async with serving() as (server, port):
        replies = await asyncio.gather(*(ask(port, REQUEST) for _ in range(200)))
        assert all(reply.endswith(b"}\0") for reply in replies)
        assert server.turned_away == 0
        assert server.waiting == 0


@in_loop
async def test_more_than_can_be_served_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLIENTS", 3)
    async with serving() as (server, port):
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for _, writer in idle:
            writer.write(b"{")
        await eventually(lambda: server.waiting == 3)
        with contextlib.suppress(ConnectionError):
            assert await ask(port, REQUEST) == b""
        assert server.turned_away == 1
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        await eventually(lambda: server.waiting == 0)
        assert b"SUMMARY" in await ask(port, REQUEST)


@in_loop
async def test_memory_stays_bounded_whatever_comes() -> None:
    async with serving(patience=0.5) as (_, port):
        tracemalloc.start()
        try:
            hostile = [ask(port, b"{" * 100_000) for _ in range(40)]
            await asyncio.gather(*hostile, return_exceptions=True)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # Forty clients' own buffers and one read of 256 KiB each are most of it.
        assert peak < 40 << 20
