"""Dialling: every address, only allowed ones, within its time, with the right socket options."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from stampmill.core.settings import PoolSettings, Timeouts
from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.transport.connect import ConnectLimits, Route, _within, connect
from stampmill.pool.transport.faults import ConnectError, ConnectFault, EgressRefusedError
from stampmill.pool.transport.route import plan_route
from tests.pool.loopback import ManualTime, in_loop

from .peers import (
    Client,
    fall_silent,
    listening,
    needs_half_open_lines,
    resolving_to,
    route_to,
)


@contextmanager
def black_hole() -> Iterator[Endpoint]:
    """Yield a port that takes no connection and refuses none: its queue is full."""
    with socket.socket() as full, ExitStack() as queued:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # Linux drops what comes when the queue is full
            waiting = queued.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield Endpoint(*full.getsockname())


@pytest.fixture
def closed() -> Iterator[Endpoint]:
    """A port that is bound and not listening: refused, and nobody else's."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Endpoint(*held.getsockname())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@in_loop
async def test_a_pool_is_reached_by_address_and_by_name(host: str) -> None:
    async with listening() as peer:
        client = await connect(*_with(f"{host}:{peer.port}", Client))
        await peer.until(lambda: peer.received == b"hello\n")
        client.transport.abort()


@in_loop
async def test_a_pool_is_reached_over_ipv6() -> None:
    try:
        async with listening(host="::1") as peer:
            client = await connect(*_with(f"[::1]:{peer.port}", Client))
            await peer.until(lambda: peer.received == b"hello\n")
            client.transport.abort()
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine's loopback: {error}")


@in_loop
async def test_a_closed_port_is_left_at_once(closed: Endpoint) -> None:
    with pytest.raises(ConnectError, match="^connection refused$") as caught:
        await connect(closed, Client, Route(Egress([closed.host])))
    assert caught.value.fault is ConnectFault.UNREACHABLE


@in_loop
async def test_a_black_hole_is_left_after_its_time() -> None:
    with black_hole() as there:
        time = ManualTime()
        route = Route(Egress([there.host]))
        dialling = asyncio.create_task(connect(there, Client, route, time.sleep))
        await time.advance_to(14.9)
        assert not dialling.done()
        await time.advance(0.2)
        with pytest.raises(ConnectError, match="^no connection within 15 s$") as caught:
            await dialling
        assert caught.value.fault is ConnectFault.TIMED_OUT


@in_loop
async def test_a_name_that_does_not_exist_is_named() -> None:
    name = "x" * 64  # longer than a label may be, so that no resolver is asked
    with pytest.raises(ConnectError, match="name not known") as caught:
        await connect(Endpoint(name, 1), Client, Route(_Anything()))
    assert caught.value.fault is ConnectFault.NAME_UNKNOWN


@in_loop
async def test_all_addresses_of_a_name_are_tried(
    monkeypatch: pytest.MonkeyPatch, closed: Endpoint
) -> None:
    async with listening() as peer:
        resolving_to(monkeypatch, ("127.0.0.1", closed.port), ("127.0.0.1", peer.port))
        client = await connect(*_with("pool.example:1", Client))
        await peer.until(lambda: peer.received == b"hello\n")
        client.transport.abort()


@in_loop
async def test_an_address_that_does_not_answer_holds_the_others_up_for_a_quarter_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Waits that quarter in earnest: it is the event loop's clock."""
    async with listening() as peer:
        with black_hole() as hole:
            resolving_to(monkeypatch, (hole.host, hole.port), ("127.0.0.1", peer.port))
            begun = asyncio.get_running_loop().time()
            client = await connect(*_with("pool.example:1", Client))
            assert 0.2 < asyncio.get_running_loop().time() - begun < 5
            client.transport.abort()


@in_loop
async def test_a_name_whose_addresses_all_fail_says_why(
    monkeypatch: pytest.MonkeyPatch, closed: Endpoint
) -> None:
    resolving_to(monkeypatch, ("127.0.0.1", closed.port), ("127.0.0.2", closed.port))
    with pytest.raises(ConnectError, match="^connection refused$"):
        await connect(*_with("pool.example:1", Client))


@in_loop
async def test_a_host_that_was_not_configured_is_not_even_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolving_to(monkeypatch, ("127.0.0.1", 1))
    with pytest.raises(EgressRefusedError, match="evil.example is not among"):
        await connect(Endpoint("evil.example", 1), Client, Route(Egress(["pool.example"])))
    assert asked == []


@in_loop
async def test_only_addresses_inside_the_networks_are_dialled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with listening() as outside, listening(host="127.0.0.2") as inside:
        resolving_to(monkeypatch, ("127.0.0.1", outside.port), ("127.0.0.2", inside.port))
        egress = Egress(["pool.example", "127.0.0.2/32"])
        client = await connect(Endpoint("pool.example", 1), Client, Route(egress))
        await inside.until(lambda: inside.received == b"hello\n")
        client.transport.abort()
        assert outside.connections == 0
        assert egress.refusals == 1


@in_loop
async def test_a_name_that_leads_out_of_the_networks_gets_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with listening() as outside:
        resolving_to(monkeypatch, ("127.0.0.1", outside.port))
        egress = Egress(["pool.example", "10.0.0.0/8"])
        with pytest.raises(EgressRefusedError, match="127.0.0.1 lies outside"):
            await connect(Endpoint("pool.example", 1), Client, Route(egress))
        assert outside.connections == 0


@in_loop
async def test_lines_go_out_at_once_and_a_dead_line_is_noticed() -> None:
    async with listening() as peer:
        client = await connect(*_with(f"127.0.0.1:{peer.port}", Client))
        sock = client.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        limits = ConnectLimits()
        for name, value in {
            "TCP_KEEPIDLE": limits.keep_idle,
            "TCP_KEEPINTVL": limits.keep_interval,
            "TCP_KEEPCNT": limits.keep_count,
            "TCP_USER_TIMEOUT": limits.unacknowledged * 1000,
        }.items():
            if hasattr(socket, name):
                assert sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
        client.transport.abort()


def test_the_users_keep_alive_is_the_sockets() -> None:
    endpoint, _ = route_to("127.0.0.1:1")
    said = Timeouts(keep_alive=9, unacknowledged=20)
    limits = plan_route(PoolSettings("127.0.0.1:1"), endpoint, None, said).limits
    assert (limits.keep_idle, limits.keep_interval, limits.unacknowledged) == (9, 3, 20)
    assert plan_route(PoolSettings("x:1"), endpoint, None, Timeouts()).limits == ConnectLimits()


@needs_half_open_lines
@pytest.mark.parametrize("sends", [True, False], ids=["with a share under way", "idle"])
@in_loop
async def test_a_half_open_line_is_lost_by_the_system(sends: bool) -> None:
    """Waits two seconds in earnest: these are the kernel's clocks."""
    async with listening() as peer:
        endpoint, route = route_to(f"127.0.0.1:{peer.port}")
        limits = replace(route.limits, keep_idle=1, keep_interval=1, keep_count=1, unacknowledged=1)
        client = await connect(endpoint, Client, replace(route, limits=limits))
        await peer.until(lambda: peer.received == b"hello\n")
        fall_silent(peer.transports[0])
        if sends:
            client.transport.write(b"share\n")
        async with asyncio.timeout(10):
            assert isinstance(await client.lost, TimeoutError)
        assert peer.received == b"hello\n"


class _Anything(Egress):
    def __init__(self) -> None:
        super().__init__(["0.0.0.0/0", "::/0"])


def _with(url: str, factory: type[Client]) -> tuple[Endpoint, type[Client], Route]:
    endpoint, route = route_to(url)
    return endpoint, factory, route


@pytest.mark.parametrize("turns", range(6))
@in_loop
async def test_a_socket_that_comes_just_as_nobody_wants_it_is_closed(turns: int) -> None:
    opened, closed, go = [], [], asyncio.Event()

    async def open_one() -> str:
        await go.wait()
        opened.append("socket")
        return "socket"

    dialling = asyncio.create_task(_within(9.0, asyncio.sleep, open_one(), closed.append))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    go.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    dialling.cancel()
    result = await asyncio.gather(dialling, return_exceptions=True)
    taken = [] if isinstance(result[0], asyncio.CancelledError) else ["socket"]
    assert taken + closed == opened
