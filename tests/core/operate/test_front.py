"""The listening side of a port, met by real sockets."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stampmill.core.operate import front as module
from stampmill.core.operate.front import Caller, Front, Said
from stampmill.core.rate_limit import RateLimit
from tests.pool.loopback import in_loop

from .asking import ask
from .waits import eventually

LARGE = bytes(range(256)) * 65536


class Clerk:
    """Answers a line by what a test wants."""

    def __init__(self, say: Callable[[bytes], Said]) -> None:
        self._say = say
        self._data = b""

    def feed(self, data: bytes) -> Said | None:
        self._data += data
        return self._say(self._data) if data.endswith(b"\n") else None

    def end(self) -> bytes:
        return b"half of it: " + self._data


class Guest(asyncio.Protocol):
    """Goes on with a connection: answers the line that it is made for, and each after it."""

    def __init__(self, heard: bytes) -> None:
        self._heard = heard

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.data_received(self._heard)

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"guest: " + data)


@asynccontextmanager
async def serving(
    say: Callable[[bytes], Said],
    patience: float = 30.0,
    admits: str = "127.0.0.1",
    limit: RateLimit | None = None,
) -> AsyncIterator[tuple[Front, int]]:
    def admit(address: str) -> Caller | None:
        return Clerk(say) if address == admits else None

    front = Front(admit, patience, limit)
    _, port = await front.listen("127.0.0.1", 0)
    try:
        yield front, port
    finally:
        front.close()


@in_loop
async def test_a_request_is_answered_once_it_is_whole_or_the_client_done() -> None:
    async with serving(bytes.upper) as (front, port):
        assert await ask(port, b"one\n") == b"ONE\n"
        assert await ask(port, b"t", b"w", b"o\n") == b"TWO\n"
        assert await ask(port, b"th", eof=True) == b"half of it: th"
        assert front.waiting == 0


@in_loop
async def test_who_is_not_admitted_hears_nothing() -> None:
    async with serving(bytes.upper, admits="10.0.0.1") as (front, port):
        with contextlib.suppress(ConnectionError):
            assert await ask(port, b"one\n") == b""
        assert front.waiting == 0


@in_loop
async def test_a_reply_that_the_system_does_not_take_at_once_still_comes_whole() -> None:
    async with serving(lambda _: LARGE) as (front, port):
        assert await ask(port, b"one\n") == LARGE
        await eventually(lambda: front.waiting == 0)


@in_loop
async def test_who_does_not_take_a_reply_or_says_half_is_hung_up_on() -> None:
    async with serving(lambda _: LARGE, patience=0.3) as (front, port):
        for line in (b"one\n", b"half"):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(line)
                await eventually(lambda: front.waiting == 1)
                await eventually(lambda: front.waiting == 0)


@in_loop
async def test_a_reply_may_take_a_while_and_others_are_answered_meanwhile() -> None:
    asked, ready = asyncio.Event(), asyncio.Event()

    async def slowly() -> bytes:
        asked.set()
        await ready.wait()
        return b"at last"

    async with serving(lambda data: slowly() if data == b"slow\n" else data) as (_, port):
        slow = asyncio.create_task(ask(port, b"slow\n"))
        await asked.wait()
        assert await ask(port, b"fast\n") == b"fast\n"
        ready.set()
        assert await slow == b"at last"


@in_loop
async def test_a_reply_that_cannot_be_made_is_reported_and_hung_up_on() -> None:
    reports: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, told: reports.append(repr(told["exception"])))

    async def never() -> bytes:
        raise ValueError("no")

    def at_once(_: bytes) -> bytes:
        raise ValueError("never")

    for say in (lambda _: never(), at_once):
        async with serving(say) as (front, port):
            assert await ask(port, b"one\n") == b""
            assert front.waiting == 0
    assert reports == ["ValueError('no')", "ValueError('never')"]


@in_loop
async def test_another_may_go_on_with_a_connection_that_outlives_patience() -> None:
    async with serving(Guest, patience=0.05) as (front, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for line in (b"one\n", b"two\n"):
            writer.write(line)
            assert await reader.readline() == b"guest: " + line
            await asyncio.sleep(0.1)
        assert front.waiting == 0
        writer.close()
        await writer.wait_closed()


@in_loop
async def test_closing_leaves_nothing_behind() -> None:
    async def forever() -> bytes:
        return await asyncio.get_running_loop().create_future()

    saying: dict[bytes, Callable[[], Said]] = {
        b"long\n": forever, b"large\n": lambda: LARGE, b"guest\n": lambda: Guest(b"")
    }  # fmt: skip
    async with (
        serving(lambda data: saying[data]()) as (front, port),
        contextlib.AsyncExitStack() as stack,
    ):
        for line in (b"long\n", b"large\n", b"half"):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(line)
        await eventually(lambda: front.waiting == 3)
        client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        client.sendall(b"guest\n")
        front._on_connection(front._listening[0])
        front.close()
        assert front.waiting == 0
        await asyncio.sleep(0)


@in_loop
async def test_without_room_for_a_connection_it_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accept, refusals = socket.socket.accept, [errno.ECONNABORTED, errno.EMFILE, errno.EMFILE]

    def crowded(self: socket.socket) -> tuple[socket.socket, Any]:
        if refusals:
            raise OSError(refusals.pop(), "no")
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", crowded)
    monkeypatch.setattr(module, "BREATH_SECONDS", 0.01)
    async with serving(bytes.upper) as (_, port):
        assert await ask(port, b"one\n") == b"ONE\n"
    assert refusals == []


@in_loop
async def test_a_flood_is_taken_bit_by_bit_and_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(bytes.upper, limit=RateLimit(20, seconds=0.2)) as (_, port):
        begun = asyncio.get_running_loop().time()
        asking = [ask(port, b"one\n") for _ in range(60)]
        assert await asyncio.gather(*asking) == [b"ONE\n"] * 60
        assert asyncio.get_running_loop().time() - begun > (60 - 20) * 0.2 / 20
    told = f"port {port} is asked more than 256 times in 2.5 s: the rest waits"
    assert [record.message for record in caplog.records] == [told]


@in_loop
async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    async with serving(bytes.upper) as (_, port):
        other = Front(lambda _: None, 1.0)
        with pytest.raises(OSError, match="in use"):
            await other.listen("127.0.0.1", port)
        other.close()
