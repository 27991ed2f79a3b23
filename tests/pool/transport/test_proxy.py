"""Through proxies: a real one, TLS inside it, refusals in words, and never around it."""

import asyncio
import base64
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampmill.core.errors import ExitCode, MissingExtraError, UsageError
from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint
from stampmill.pool.transport import proxy as proxies
from stampmill.pool.transport.connect import Sleep, connect
from stampmill.pool.transport.faults import ConnectError, ConnectFault, EgressRefusedError
from stampmill.pool.transport.pins import pins_of
from stampmill.pool.transport.proxy import Proxy, ProxyKind, parse_proxy
from tests.pool.loopback import ManualTime, in_loop, turns

from .certificates import served
from .peers import Client, Peer, listening, route_to
from .proxies import pproxy, scripted

SCHEMES = ["socks5", "socks5h", "http"]
SOCKS_READY = b"\x05\x00"


@pytest.fixture(scope="module", params=["", "bob:s3cret"], ids=["open", "with a password"])
def real_proxy(request: pytest.FixtureRequest) -> Iterator[tuple[int, str]]:
    """A proxy for both kinds, and what stands before its address in a URL."""
    with pproxy("http+socks5", request.param) as port:
        yield port, f"{request.param}@" if request.param else ""


async def greet(peer: Peer, url: str, proxy: str, **settings: object) -> None:
    endpoint, route = route_to(url, proxy=proxy, **settings)
    client = await connect(endpoint, Client, route)
    await peer.until(lambda: peer.received == b"hello\n")
    peer.transports[-1].write(b"welcome\n")
    await client.arrived.wait()
    assert client.received == b"welcome\n"
    client.transport.abort()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_pool_is_reached_through_a_real_proxy(
    real_proxy: tuple[int, str], scheme: str, host: str
) -> None:
    async def main() -> None:
        port, credentials = real_proxy
        async with listening() as peer:
            url = f"{scheme}://{credentials}127.0.0.1:{port}"
            await greet(peer, f"{host}:{peer.port}", url)

    asyncio.run(main())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tls_goes_on_inside_the_proxy(real_proxy: tuple[int, str], scheme: str) -> None:
    async def main() -> None:
        port, credentials = real_proxy
        peer_is = served()
        async with listening(peer_is.context) as peer:
            url = f"{scheme}://{credentials}127.0.0.1:{port}"
            pin = str(pins_of(peer_is.der)[1])
            await greet(peer, f"stratum+ssl://localhost:{peer.port}", url, tls_pins=(pin,))

    asyncio.run(main())


async def refusal(
    url: str, pool: str = "pool.example:3333", sleep: Sleep = asyncio.sleep
) -> ConnectError:
    endpoint, route = route_to(pool, proxy=url)
    with pytest.raises(ConnectError) as caught:
        await connect(endpoint, Client, route, sleep)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
def test_a_wrong_password_is_refused_in_one_line(scheme: str) -> None:
    with pproxy("http+socks5", "bob:s3cret") as port:
        error = asyncio.run(refusal(f"{scheme}://bob:wr0ng@127.0.0.1:{port}", "127.0.0.1:9"))
    assert error.fault is ConnectFault.PROXY_REFUSED
    place = f"the proxy {scheme}://127.0.0.1:{port} gives no connection to 127.0.0.1:9: "
    assert str(error).startswith(place)
    assert "wr0ng" not in str(error)


@pytest.mark.parametrize("scheme", SCHEMES)
@in_loop
async def test_a_proxy_that_is_not_there_is_named(scheme: str) -> None:
    async with listening() as peer:
        port = peer.port
    error = await refusal(f"{scheme}://bob:pw@127.0.0.1:{port}", "127.0.0.1:3333")
    assert error.fault is ConnectFault.PROXY_UNREACHABLE
    assert str(error) == (
        f"the proxy {scheme}://127.0.0.1:{port} cannot be reached: connection refused"
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([SOCKS_READY, b"\x05\x05\x00\x01" + bytes(6)], "connection refused by destination host"),
        ([SOCKS_READY, b"\x05\x02\x00\x01" + bytes(6)], "connection not allowed by ruleset"),
        ([SOCKS_READY, b"\x05\x63\x00\x01" + bytes(6)], "invalid reply code"),
        ([b"\x05\xff"], "no acceptable authentication methods"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "unexpected socks version"),
    ],
)
@in_loop
async def test_a_socks_proxys_no_is_given_in_its_words(answers: list[bytes], words: str) -> None:
    async with scripted(*answers) as proxy:
        error = await refusal(f"socks5h://127.0.0.1:{proxy.port}")
    assert error.fault is ConnectFault.PROXY_REFUSED
    assert "gives no connection to pool.example:3333: " in str(error)
    assert words in str(error)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", ": 403 forbidden"),
        (b"HTTP/1.0 502 Bad\x1b[31mGateway\r\nX: y\r\n\r\n", ": 502 bad [31mgateway"),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants another user and password"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}\n", "it sent more than its answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "it speaks no HTTP".lower()),
        (b"x" * 20_000, "an answer without end"),
        (b"HTTP/1.1 " + b"9" * 500 + b"\r\n\r\n", "9" * 150),
    ],
)
@in_loop
async def test_an_http_proxys_no_is_given_in_its_words(answer: bytes, words: str) -> None:
    async with scripted(answer) as proxy:
        error = await refusal(f"http://127.0.0.1:{proxy.port}")
    assert error.fault is ConnectFault.PROXY_REFUSED
    assert words in str(error)
    assert len(str(error)) < 350
    assert str(error).isprintable()


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
@in_loop
async def test_a_proxy_that_breaks_off_is_named(scheme: str) -> None:
    async with scripted(b"H", hangs_up=True) as proxy:
        error = await refusal(f"{scheme}://127.0.0.1:{proxy.port}")
    assert error.fault is ConnectFault.PROXY_REFUSED


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
@in_loop
async def test_a_proxy_that_says_nothing_is_given_up(scheme: str) -> None:
    async with scripted() as proxy:
        time = ManualTime()
        endpoint, route = route_to("pool.example:1", proxy=f"{scheme}://127.0.0.1:{proxy.port}")
        dialling = asyncio.create_task(connect(endpoint, Client, route, time.sleep))
        await proxy.until(lambda: bool(proxy.received))
        await time.advance(29.9)
        assert not dialling.done()
        await time.advance(0.2)
        with pytest.raises(ConnectError, match="to pool.example:1 within 30 s$") as caught:
            await dialling
        assert caught.value.fault is ConnectFault.PROXY_TIMED_OUT


@in_loop
async def test_an_answer_of_an_http_proxy_may_come_in_pieces() -> None:
    pieces = [b"HTT", b"P/1.1 200 Connection established\r\n", b"Via: 1.1 x\r\n\r", b"\n"]
    async with scripted() as proxy:
        endpoint, route = route_to("pool.example:1", proxy=f"http://127.0.0.1:{proxy.port}")
        opening = asyncio.create_task(connect(endpoint, Client, route))
        await proxy.until(lambda: bool(proxy.received))
        for piece in pieces:
            assert not opening.done()
            proxy.transports[0].write(piece)
            await turns()  # so that each is a segment of its own
        client = await opening
        assert client.received == b""
        await proxy.until(lambda: proxy.received[-1] == b"hello\n")
        client.transport.abort()


@given(st.sampled_from(SCHEMES), st.lists(st.binary(max_size=40), max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_a_proxy_says_is_a_refusal_at_worst(scheme: str, answers: list[bytes]) -> None:
    async def main() -> None:
        async with scripted(*answers, hangs_up=True) as proxy:
            await refusal(f"{scheme}://127.0.0.1:{proxy.port}", "127.0.0.1:9", soon)

    async def soon(_seconds: float) -> None:
        for _ in range(20):
            await turns()

    asyncio.run(main())


# Names and the allow-list.


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
@in_loop
async def test_names_are_left_to_the_proxy(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(SOCKS_READY) as proxy:
        asked = _names_asked(monkeypatch)
        endpoint, route = route_to("pool.example:1", proxy=f"{scheme}://127.0.0.1:{proxy.port}")
        opening = asyncio.create_task(connect(endpoint, Client, route))
        await proxy.until(lambda: b"pool.example" in b"".join(proxy.received))
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
    assert asked == {"127.0.0.1"}


def _names_asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    loop = asyncio.get_running_loop()
    asked: set[str] = set()
    real = loop.getaddrinfo

    async def getaddrinfo(host: str, *args: object, **options: object) -> object:
        asked.add(host)
        return await real(host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    return asked


@in_loop
async def test_socks5_gets_the_address_that_the_list_has_seen() -> None:
    async with scripted(SOCKS_READY) as proxy:
        egress = Egress(["localhost", "127.0.0.0/8"])
        endpoint, route = route_to("localhost:7", egress, proxy=f"socks5://127.0.0.1:{proxy.port}")
        opening = asyncio.create_task(connect(endpoint, Client, route))
        await proxy.until(lambda: len(proxy.received) == 2)
        assert proxy.received[1] == b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x07"
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)


@pytest.mark.parametrize("scheme", SCHEMES)
@in_loop
async def test_the_proxy_itself_must_be_allowed(scheme: str) -> None:
    async with scripted() as proxy:
        with pytest.raises(UsageError, match="127.0.0.1 is not among"):
            route_to(
                "pool.example:1",
                Egress(["pool.example"]),
                proxy=f"{scheme}://127.0.0.1:{proxy.port}",
            )


@in_loop
async def test_a_proxy_leads_to_no_host_that_is_not_allowed() -> None:
    async with scripted() as proxy:
        url = f"socks5h://127.0.0.1:{proxy.port}"
        _, route = route_to("pool.example:1", proxy=url)
        elsewhere, _ = route_to("evil.example:1")
        with pytest.raises(EgressRefusedError):
            await connect(elsewhere, Client, route)
        assert proxy.received == []


@in_loop
async def test_an_address_outside_the_networks_is_not_reached_through_socks5() -> None:
    async with scripted() as proxy:
        egress = Egress(["pool.example", "localhost", "127.0.0.1/32"])
        url = f"socks5://127.0.0.1:{proxy.port}"
        _, route = route_to("127.0.0.1:1", egress, proxy=url)
        elsewhere, _ = route_to("127.0.0.2:1")
        with pytest.raises(EgressRefusedError):
            await connect(elsewhere, Client, route)
        assert proxy.received == []


# What a user may get wrong.


@pytest.mark.parametrize(
    ("url", "kind", "endpoint"),
    [
        ("socks5h://127.0.0.1:9050", ProxyKind.SOCKS5H, Endpoint("127.0.0.1", 9050)),
        ("SOCKS5://proxy.example:1080/", ProxyKind.SOCKS5, Endpoint("proxy.example", 1080)),
        ("http://[::1]:8080", ProxyKind.HTTP, Endpoint("::1", 8080)),
    ],
)
def test_a_proxy_is_read(url: str, kind: ProxyKind, endpoint: Endpoint) -> None:
    assert parse_proxy(url) == Proxy(kind, endpoint)


def test_credentials_are_decoded() -> None:
    proxy = parse_proxy("http://b%40b:p%3Aw@h:1")
    assert (proxy.user, proxy.password) == ("b@b", "p:w")


def test_credentials_are_never_shown() -> None:
    proxy = parse_proxy("socks5h://bob:s3cret@127.0.0.1:9050")
    assert (proxy.user, proxy.password) == ("bob", "s3cret")
    assert "s3cret" not in f"{proxy} {proxy!r}"
    assert "bob" not in f"{proxy} {proxy!r}"


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:9050", "socks4://h:1", "https://h:1", "socks5h://h", "socks5h://h:0",
     "ftp://bob:s3cret@h:1", "socks5h://bob:s3cret@h"],
)  # fmt: skip
def test_what_is_no_proxy_is_named_without_its_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_proxy(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "credentials", ["bob", "bob:", ":pw", "b" * 256 + ":pw", "bob:" + "p" * 256, "b%C3%B6b:pw"]
)
def test_credentials_that_socks5_cannot_carry_are_refused(credentials: str) -> None:
    with pytest.raises(UsageError, match="must both be given, in ASCII"):
        parse_proxy(f"socks5h://{credentials}@h:1")


def test_a_user_with_a_colon_cannot_be_said_in_http() -> None:
    with pytest.raises(UsageError, match="colon"):
        parse_proxy("http://b%3Ab:pw@h:1")


@in_loop
async def test_http_credentials_are_sent_as_a_header() -> None:
    async with scripted() as proxy:
        endpoint, route = route_to(
            "[2001:db8::1]:3333", proxy=f"http://bob:p%C3%A4@127.0.0.1:{proxy.port}"
        )
        opening = asyncio.create_task(connect(endpoint, Client, route))
        await proxy.until(lambda: bool(proxy.received))
        lines = proxy.received[0].split(b"\r\n")
        assert lines[0] == b"CONNECT [2001:db8::1]:3333 HTTP/1.1"
        pair = base64.b64encode("bob:pä".encode())
        assert b"Proxy-Authorization: Basic " + pair in lines
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)


@pytest.mark.parametrize(("scheme", "missing"), [("socks5h", True), ("http", False)])
def test_a_missing_extra_is_named_before_anything_is_dialled(
    monkeypatch: pytest.MonkeyPatch, scheme: str, missing: bool
) -> None:
    monkeypatch.setattr(proxies, "find_spec", lambda _name: None)
    if not missing:
        assert parse_proxy(f"{scheme}://h:1").kind is ProxyKind.HTTP
        return
    with pytest.raises(MissingExtraError, match=r"a SOCKS proxy needs the extra 'proxy'") as caught:
        parse_proxy(f"{scheme}://h:1")
    assert caught.value.exit_code is ExitCode.NO_DEVICE
