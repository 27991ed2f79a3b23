"""Both ports of a run that mines, met by everything that no client should do."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from .test_surfaces import asked, fetched, line_with, port_in

HOST = "127.0.0.1"
GET = b"GET /api/snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n"
ASK = b'{"command":"summary+devs+pools"}'
BEGUN = {"api": (b"", b'{"comm', b'{"a":"\\'), "http": (b"", b"GET / HT", GET[:-2])}
WHOLE = {"api": (ASK, b'"id":1}\0'), "http": (GET, b"200 OK")}
AT_ONCE = 200


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def exchange(port: int, data: bytes) -> bytes:
    async with connected(port) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
            return await reader.read()
    return b""


async def slowly(port: int, data: bytes) -> None:
    """Send a byte now and then until hung up on."""
    async with connected(port) as (_, writer):
        with contextlib.suppress(ConnectionError):
            for byte in data * 100:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)


def nonsense(seed: int) -> bytes:
    """Return bytes at random, or a request with some of its bytes changed."""
    source = random.Random(seed)
    data = bytearray(source.choice((source.randbytes(source.randrange(1, 600)), ASK, GET)))
    for _ in range(source.randrange(4)):
        data[source.randrange(len(data))] = source.randrange(256)
    return bytes(data)


async def hostile(stack: AsyncExitStack, name: str, port: int) -> None:
    """Do all of it; what is held open stays so until the stack is unwound."""
    for begun in BEGUN[name] * 8:
        _, writer = await stack.enter_async_context(connected(port))
        writer.write(begun)
    for _ in range(8):  # who never reads
        _, writer = await stack.enter_async_context(connected(port))
        writer.write(WHOLE[name][0])
    slow = [asyncio.create_task(slowly(port, WHOLE[name][0][:-1])) for _ in range(8)]
    stack.callback(lambda: [task.cancel() for task in slow])
    request, expected = WHOLE[name]
    replies = await asyncio.gather(*(exchange(port, request) for _ in range(AT_ONCE)))
    assert all(expected in reply for reply in replies), "two hundred at once are answered"
    await together(exchange(port, b"{" * (1 << 20)) for _ in range(8))
    await together(exchange(port, b"GET /" + b"a" * (1 << 20)) for _ in range(8))
    await together(finished(port, nonsense(seed)) for seed in range(100))


async def finished(port: int, data: bytes) -> None:
    """Send something and stop, as a client that is done does."""
    async with connected(port) as (reader, writer):
        with contextlib.suppress(ConnectionError, OSError):
            writer.write(data)
            writer.write_eof()
            await reader.read()


async def together(many: Any) -> None:
    parts: list[Coroutine[Any, Any, object]] = list(many)
    async with asyncio.timeout(120):
        await asyncio.gather(*parts)


@pytest.mark.parametrize("name", ["api", "http"])
def test_shares_go_on_whatever_comes_in(start, name):
    process = start(
        *("mine", "--backend", "reference", "--threads", "1", "--time-limit", "120", "--json"),
        *("--api-listen", f"{HOST}:0", "--http-listen", f"{HOST}:0"),
    )
    ports = {
        "api": port_in(line_with(process, "cgminer API at")),
        "http": port_in(line_with(process, "HTTP at")),
    }
    line_with(process, " accepted ")

    async def attack() -> None:
        async with AsyncExitStack() as stack:
            await hostile(stack, name, ports[name])
            wait_for_more(ports["api"])

    asyncio.run(attack())
    assert json.loads(fetched(ports["http"], "/api/snapshot"))["accepted"] > 0
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    report = json.loads(out)
    assert (report["hardware_errors"], report["lost"], report["rejected"]) == (0, 0, 0)


def wait_for_more(port: int) -> None:
    """Ask until another share is accepted."""
    before = accepted(port)
    while accepted(port) <= before:
        time.sleep(0.1)


def accepted(port: int) -> int:
    """Return the accepted shares, by the very port that is under attack or beside it."""
    summary = json.loads(asked(port, b'{"command":"summary"}'))["SUMMARY"][0]
    return int(summary["Accepted"])
