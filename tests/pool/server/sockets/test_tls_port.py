"""Handshakes that fail at the pool's TLS port: each is counted by name, and nobody is held up."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stampmill.core.errors import StampmillError
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.events import HandshakeFault, PoolEvent, PoolEventKind
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.sockets.tls_port import TlsPort, fault_of
from tests.pool.loopback import in_loop
from tests.pool.transport.certificates import certificate, server_context

SUBSCRIBE = b'{"id":1,"method":"mining.subscribe","params":["c"]}\n'
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
PATIENCE = 10.0


@asynccontextmanager
async def tls_pool(folder: Path, **options: object) -> AsyncIterator[EmbeddedPool]:
    path = folder / "pool.pem"
    certificate().private_key_and_cert_chain_pem.write_to_path(str(path))
    pool = EmbeddedPool(PoolOptions(tls_cert=path, **options))
    try:
        yield pool
    finally:
        await pool.close()


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def distrustful() -> ssl.SSLContext:
    return ssl.create_default_context()


def outdated() -> ssl.SSLContext:
    context = client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 "):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def greet(context: ssl.SSLContext, address: tuple[str, int]) -> None:
    """Try a handshake as OpenSSL itself does it: asyncio hangs up without a word of why."""
    with (
        pytest.raises(OSError),  # noqa: PT011  an SSLError, or cut off before it is read
        socket.create_connection(address) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1"),
    ):
        pass


async def answered(host: str, port: int) -> bool:
    """Tell whether a good miner is served."""
    reader, writer = await asyncio.open_connection(host, port, ssl=client_context())
    writer.write(SUBSCRIBE)
    async with asyncio.timeout(PATIENCE):
        line = await reader.readline()
    writer.transport.abort()
    return b'"result"' in line


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  what is waited for happens in the pool
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("said", "hang_up", "fault"),
    [
        (SUBSCRIBE, False, HandshakeFault.NOT_TLS),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", False, HandshakeFault.NOT_TLS),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07", False, HandshakeFault.NOT_TLS),
        (b"", True, HandshakeFault.HUNG_UP),
        (HELLO, True, HandshakeFault.HUNG_UP),
    ],
)
@in_loop
async def test_what_is_no_handshake_is_counted_by_name(
    tmp_path_factory, said: bytes, hang_up: bool, fault: HandshakeFault
) -> None:
    async with tls_pool(tmp_path_factory.mktemp("tls")) as pool:
        address = await pool.start()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(said)
        if hang_up:
            writer.close()
        else:
            async with asyncio.timeout(PATIENCE):
                assert b"mining" not in await reader.read()
            writer.close()
        await until(lambda: pool.snapshot().handshakes_failed)
        assert pool.snapshot().handshakes_failed == {fault.value: 1}
        assert await answered(*address)
        assert pool.snapshot().connections_total == 1


@pytest.mark.parametrize(
    ("context", "fault"),
    [
        (distrustful, HandshakeFault.REFUSED),
        (outdated, HandshakeFault.NOTHING_IN_COMMON),
    ],
)
@in_loop
async def test_a_miner_that_cannot_agree_is_counted_by_name(
    tmp_path_factory, context: Callable[[], ssl.SSLContext], fault: HandshakeFault
) -> None:
    async with tls_pool(tmp_path_factory.mktemp("tls")) as pool:
        address = await pool.start()
        await asyncio.to_thread(greet, context(), address)
        await until(lambda: pool.snapshot().handshakes_failed)
        assert pool.snapshot().handshakes_failed == {fault.value: 1}
        assert await answered(*address)


@in_loop
async def test_a_handshake_that_stalls_holds_nobody_up_and_ends_in_time(tmp_path_factory) -> None:
    async with tls_pool(tmp_path_factory.mktemp("tls"), handshake_timeout=0.3) as pool:
        address = await pool.start()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(HELLO)
        assert await answered(*address)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        await until(lambda: pool.snapshot().handshakes_failed)
        assert pool.snapshot().handshakes_failed == {"timed-out": 1}
        writer.close()


@in_loop
async def test_handshakes_under_way_are_bounded(tmp_path_factory) -> None:
    async with tls_pool(tmp_path_factory.mktemp("tls"), max_connections=2) as pool:
        address = await pool.start()
        stalled = [await asyncio.open_connection(*address) for _ in range(3)]
        async with asyncio.timeout(PATIENCE):
            assert await stalled[2][0].read() == b""
        assert pool.snapshot().handshakes_failed == {"too-many": 1}
        for _, writer in stalled:
            writer.close()


@in_loop
async def test_closing_ends_a_handshake_that_is_under_way(tmp_path_factory) -> None:
    async with tls_pool(tmp_path_factory.mktemp("tls")) as pool:
        address = await pool.start()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(HELLO)
        assert await answered(*address)
        await pool.close()
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(*address)


@in_loop
async def test_a_port_that_is_taken_is_named(tmp_path_factory) -> None:
    async with tls_pool(tmp_path_factory.mktemp("tls")) as pool:
        _, port = await pool.start()
        async with tls_pool(tmp_path_factory.mktemp("tls"), port=port) as second:
            with pytest.raises(StampmillError, match=f"127.0.0.1:{port}: .*in use"):
                await second.start()


@in_loop
async def test_an_accept_that_the_system_refuses_is_counted_and_tried_again() -> None:
    told: list[HandshakeFault] = []
    loop = asyncio.get_running_loop()
    accept, failures = loop.sock_accept, [OSError(24, "Too many open files")]

    async def sometimes(sock):  # the system's limit cannot be met without harm to the test run
        if failures:
            raise failures.pop()
        return await accept(sock)

    loop.sock_accept = sometimes
    made: list[asyncio.Protocol] = []

    def factory() -> asyncio.Protocol:
        made.append(asyncio.Protocol())
        return made[-1]

    port = TlsPort(
        server_context(), factory, lambda fault, _text, _peer: told.append(fault),
        limit=PATIENCE, most=10,
    )  # fmt: skip
    address = await port.open("127.0.0.1", 0)
    try:
        _, writer = await asyncio.open_connection(*address, ssl=client_context())
        writer.transport.abort()
        assert told == [HandshakeFault.NOT_ACCEPTED]
        assert len(made) == 1
    finally:
        port.close()
        await port.wait_closed()


def test_an_error_that_openssl_names_otherwise_is_broken() -> None:
    error = ssl.SSLError(1, "what")
    error.reason = "DECRYPTION_FAILED"
    assert fault_of(error) is HandshakeFault.BROKEN
    assert fault_of(ConnectionResetError()) is HandshakeFault.HUNG_UP


@in_loop
async def test_who_watches_is_told_what_failed_and_whose_it_was(tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("tls") / "pool.pem"
    certificate().private_key_and_cert_chain_pem.write_to_path(str(path))
    told: list[PoolEvent] = []
    pool = EmbeddedPool(PoolOptions(tls_cert=path), on_event=told.append)
    address = await pool.start()
    try:
        _, writer = await asyncio.open_connection(*address)
        host, port = writer.get_extra_info("sockname")
        writer.write(SUBSCRIBE)
        await until(lambda: len(told) > 1)
        assert told[1].kind is PoolEventKind.HANDSHAKE_FAILED
        assert told[1].text.startswith("not-tls: TLS: ")
        assert told[1].peer == f"{host}:{port}"
        writer.close()
    finally:
        await pool.close()
