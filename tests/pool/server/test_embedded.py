"""The shipped pool on real sockets."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from stampmill.core.errors import StampmillError
from stampmill.pool.node.blocks_file import read_blocks
from stampmill.pool.server.embedded import EmbeddedPool, PoolEvent, PoolEventKind, PoolOptions

from .rig import EASY, WireJob

PATIENCE = 10.0


class Client:
    """A miner on a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.lines: list[dict[str, Any]] = []
        self.extranonce1 = ""

    async def read(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read on until a line is as wanted."""
        while True:
            raw = await asyncio.wait_for(self.reader.readline(), PATIENCE)
            assert raw, "the server hung up"
            self.lines.append(json.loads(raw))
            if wanted(self.lines[-1]):
                return self.lines[-1]

    async def ask(self, method: str, *params: Any) -> Any:
        self.writer.write(
            json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n"
        )
        return await self.read(lambda line: "method" not in line)

    async def login(self) -> WireJob:
        self.extranonce1 = (await self.ask("mining.subscribe", "c"))["result"][1]
        await self.ask("mining.authorize", "w", "x")
        return await self.next_job()

    async def next_job(self) -> WireJob:
        line = await self.read(lambda line: line.get("method") == "mining.notify")
        told = [
            each["params"][0]
            for each in self.lines
            if each.get("method") == "mining.set_difficulty"
        ]
        return WireJob(tuple(line["params"]), told[-1], self.extranonce1)

    async def hung_up(self) -> bool:
        """Tell whether the server ends the connection, whatever it still sends."""
        with suppress(ConnectionError):
            while await asyncio.wait_for(self.reader.read(1 << 16), PATIENCE):
                pass
        return True

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


Play = Callable[[EmbeddedPool, Callable[[], Awaitable[Client]]], Awaitable[None]]


def play(scene: Play, events: list[PoolEvent] | None = None, **options: Any) -> EmbeddedPool:
    """Run a scene with a pool and clients that are closed behind it."""
    options = {"port": 0, "fixed_difficulty": EASY, "block_every": 0, **options}
    pool = EmbeddedPool(PoolOptions(**options), on_event=None if events is None else events.append)

    async def run() -> None:
        host, port = await pool.start()
        clients: list[Client] = []

        async def connect() -> Client:
            clients.append(Client(*await asyncio.open_connection(host, port)))
            return clients[-1]

        try:
            await scene(pool, connect)
        finally:
            for client in clients:
                await client.close()
            await pool.close()

    asyncio.run(run())
    return pool


def test_share_on_a_socket_becomes_a_block_and_a_clean_job() -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        job = await client.login()
        share = next(job.shares())
        assert (await client.ask("mining.submit", "w", *share))["result"] is True
        fresh = await client.next_job()
        assert fresh.clean
        assert fresh.params[1] != job.params[1]
        again = await client.ask("mining.submit", "w", *share)
        assert again["error"][:2] == [21, "Stale"]

    pool = play(scene, block_every=1, keep_blocks=True)
    shot = pool.snapshot()
    assert (shot.height, shot.blocks, shot.accepted, shot.stale) == (106, 1, 1, 1)
    assert len(pool.raw_blocks()) == pool.chain.height == 106


def test_clean_jobs_at_an_interval_reach_everyone() -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        clients = [await connect() for _ in range(3)]
        for client in clients:
            await client.login()
        for client in clients:
            assert all([(await client.next_job()).clean for _ in range(3)])

    pool = play(scene, job_interval=0.02, clean_every_job=True)
    assert max(stats.connections for stats in pool.job_stats()) == 3
    sent_at = [stats.sent_at for stats in pool.job_stats()]
    assert sent_at == sorted(sent_at)


def test_clock_runs_for_sessions() -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        assert await (await connect()).hung_up()
        assert pool.snapshot().closed == {"no-handshake": 1}

    play(scene, handshake_timeout=0.01)


def test_slow_reader_is_dropped_and_delays_nobody() -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        host, port = pool_address(pool)
        lazy = socket.socket()
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(lazy, (host, port))
        for method, params in (("mining.subscribe", []), ("mining.authorize", ["w", "x"])):
            line = {"id": 1, "method": method, "params": params}
            await loop.sock_sendall(lazy, json.dumps(line).encode() + b"\n")
        lively = await connect()
        await lively.login()
        for _ in range(PATIENCE_JOBS):
            await lively.next_job()
            if pool.snapshot().closed:
                break
        lazy.close()
        assert pool.snapshot().closed == {"slow-reader": 1}

    play(scene, job_interval=0.001, send_limit=8192)


PATIENCE_JOBS = 20_000


def pool_address(pool: EmbeddedPool) -> tuple[str, int]:
    assert pool._server is not None
    address: tuple[str, int] = pool._server.sockets[0].getsockname()[:2]
    return address


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x16\x03\x01\x02\x00", "not-stratum"),
        (b"GET / HTTP/1.1\r\n\r\n", "not-stratum"),
        (b"x" * 20_000, "line-too-long"),
    ],
)
def test_stranger_is_hung_up_on_without_a_word(data: bytes, reason: str) -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        client.writer.write(data)
        assert await client.hung_up()
        assert pool.snapshot().closed == {reason: 1}

    play(scene)


def test_connection_beyond_the_cap_is_hung_up_on() -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        first = await connect()
        await first.login()
        assert await (await connect()).hung_up()
        assert pool.snapshot().closed == {"too-many-connections": 1}
        assert (await first.ask("mining.ping"))["result"] == "pong"

    play(scene, max_connections=1)


def test_closing_the_pool_ends_every_connection() -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        await client.login()
        await pool.close()
        assert await client.hung_up()

    events: list[PoolEvent] = []
    pool = play(scene, events)
    assert pool.snapshot().connections == 0
    assert [event.kind for event in events] == [
        PoolEventKind.LISTENING,
        PoolEventKind.CONNECTED,
        PoolEventKind.AUTHORIZED,
        PoolEventKind.DISCONNECTED,
    ]
    assert events[-1].text == "shutdown"


def test_peer_that_leaves_is_counted() -> None:
    async def scene(pool: EmbeddedPool, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        await client.login()
        await client.close()
        while pool.snapshot().connections:  # noqa: ASYNC110  the pool has no event for it
            await asyncio.sleep(0)

    assert play(scene).snapshot().closed == {"closed-by-peer": 1}


def test_address_in_use_is_told_in_one_line() -> None:
    async def run() -> None:
        first = EmbeddedPool(PoolOptions(port=0))
        host, port = await first.start()
        try:
            with pytest.raises(StampmillError, match=f"cannot listen on {host}:{port}: .*in use"):
                await EmbeddedPool(PoolOptions(port=port)).start()
        finally:
            await first.close()

    asyncio.run(run())


def test_pool_that_never_started_may_be_closed() -> None:
    asyncio.run(EmbeddedPool().close())


def test_several_pools_run_side_by_side_on_ports_of_their_own() -> None:
    async def run() -> None:
        pools = [EmbeddedPool() for _ in range(2)]
        ports = {(await pool.start())[1] for pool in pools}
        for pool in pools:
            await pool.close()
        assert len(ports) == 2

    asyncio.run(run())


def test_blocks_go_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "blocks.dat"
    pool = EmbeddedPool(PoolOptions(blocks_file=path))
    assert len(list(read_blocks(path))) == pool.chain.height
    assert pool.raw_blocks() == ()
