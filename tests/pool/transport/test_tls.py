"""TLS: who is let in, who is not, why, and that nothing of ours goes to the wrong one."""

import asyncio
import ssl
import warnings
from pathlib import Path

import pytest

from stampmill.core.errors import UsageError
from stampmill.pool.transport.connect import connect
from stampmill.pool.transport.faults import ConnectError, ConnectFault
from stampmill.pool.transport.pins import pins_of
from stampmill.pool.transport.tls import Tls
from tests.pool.loopback import ManualTime, in_loop

from .certificates import ca_file, served, server_context
from .peers import Client, Peer, listening, resolving_to, route_to

OTHER_PIN = "cert:" + "00" * 32


async def greet(peer: Peer, host: str = "127.0.0.1", **settings: object) -> None:
    """Connect over TLS, and see the greeting arrive."""
    endpoint, route = route_to(f"stratum+ssl://{host}:{peer.port}", **settings)
    client = await connect(endpoint, Client, route)
    await peer.until(lambda: peer.received == b"hello\n")
    peer.transports[-1].write(b"welcome\n")
    await client.arrived.wait()
    assert client.received == b"welcome\n"
    client.transport.abort()


async def refused(peer: Peer, host: str = "127.0.0.1", **settings: object) -> ConnectError:
    """Return why a connection was refused, having seen that nothing was said."""
    endpoint, route = route_to(f"stratum+ssl://{host}:{peer.port}", **settings)
    made: list[Client] = []

    def factory() -> Client:
        made.append(Client())
        return made[-1]

    with pytest.raises(ConnectError) as caught:
        await connect(endpoint, factory, route)
    assert made == []
    assert peer.received == b""
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@in_loop
async def test_a_certificate_of_a_known_ca_is_taken(tmp_path_factory, host: str) -> None:
    file = ca_file(tmp_path_factory.mktemp("ca"))
    async with listening(server_context()) as peer:
        await greet(peer, host, tls_ca=str(file))


@in_loop
async def test_the_final_dot_of_a_name_is_no_part_of_the_certificates_name(
    tmp_path_factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ca_file(tmp_path_factory.mktemp("ca"))
    async with listening(server_context("pool.example")) as peer:
        resolving_to(monkeypatch, ("127.0.0.1", peer.port))
        await greet(peer, "pool.example.", tls_ca=str(file))


@in_loop
async def test_the_systems_cas_vouch_by_default(
    tmp_path_factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenSSL's own variable for where the system keeps them.
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file(tmp_path_factory.mktemp("ca"))))
    async with listening(server_context()) as peer:
        await greet(peer)


@in_loop
async def test_a_certificate_of_nobody_known_is_refused_with_the_cure() -> None:
    async with listening(server_context()) as peer:
        error = await refused(peer)
    assert error.fault is ConnectFault.CERTIFICATE_REFUSED
    assert str(error).startswith("nobody trusted here vouches for the certificate of 127.0.0.1 (")
    assert "name its CA (tls-ca) or pin it (tls-pin)" in str(error)


@pytest.mark.parametrize(
    ("names", "times", "words"),
    [
        (["pool.example"], {}, "the certificate is not made out to localhost: use the name"),
        (["localhost"], {"expired": True}, "the certificate of localhost has expired"),
        (["localhost"], {"later": True}, "the certificate of localhost is not valid yet"),
    ],
)
@in_loop
async def test_a_certificate_that_does_not_fit_is_refused(
    tmp_path_factory, names: list[str], times: dict[str, bool], words: str
) -> None:
    file = ca_file(tmp_path_factory.mktemp("ca"))
    async with listening(server_context(*names, **times)) as peer:
        error = await refused(peer, "localhost", tls_ca=str(file))
    assert words in str(error)
    assert error.fault is ConnectFault.CERTIFICATE_REFUSED


@in_loop
async def test_an_address_that_the_certificate_does_not_have_is_refused(tmp_path_factory) -> None:
    file = ca_file(tmp_path_factory.mktemp("ca"))
    async with listening(server_context("localhost")) as peer:
        assert "not made out to 127.0.0.1" in str(await refused(peer, tls_ca=str(file)))


@pytest.mark.parametrize("which", [0, 1], ids=["cert", "spki"])
@in_loop
async def test_a_pin_stands_for_ca_and_name(which: int) -> None:
    peer_is = served("some.other.name")
    async with listening(peer_is.context) as peer:
        await greet(peer, tls_pins=(OTHER_PIN, str(pins_of(peer_is.der)[which])))


@in_loop
async def test_a_pin_that_does_not_match_is_named_and_nothing_is_sent() -> None:
    peer_is = served()
    async with listening(peer_is.context) as peer:
        error = await refused(peer, tls_pins=(OTHER_PIN,))
    certificate, key = pins_of(peer_is.der)
    assert str(error) == (f"the pool shows {certificate} = {key}, which no pin (tls-pin) allows")
    assert error.fault is ConnectFault.PIN_MISMATCH


@in_loop
async def test_a_pin_refuses_even_what_a_ca_vouches_for(
    tmp_path_factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file(tmp_path_factory.mktemp("ca"))))
    async with listening(server_context()) as peer:
        await refused(peer, tls_pins=(OTHER_PIN,))


@in_loop
async def test_insecure_takes_anything() -> None:
    async with listening(server_context("some.other.name", expired=True)) as peer:
        await greet(peer, tls_insecure=True)


@in_loop
async def test_tls_1_1_is_spoken_with_nobody() -> None:
    context = served().context
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.minimum_version = ssl.TLSVersion.TLSv1
    async with listening(context) as peer:
        error = await refused(peer, tls_insecure=True)
    assert error.fault is ConnectFault.TLS_FAILED


# Ports that speak something else, or nothing.


@in_loop
async def test_a_plain_port_is_recognised() -> None:
    async with listening() as peer:
        peer.on_data = lambda transport, _: transport.write(b'{"id":null,"error":"what?"}\n')
        endpoint, route = route_to(f"stratum+ssl://127.0.0.1:{peer.port}")
        with pytest.raises(
            ConnectError, match="no TLS at this port: use its stratum.tcp"
        ) as caught:
            await connect(endpoint, Client, route)
    assert caught.value.fault is ConnectFault.TLS_FAILED


@in_loop
async def test_a_port_that_hangs_up_at_a_hello_is_named() -> None:
    async with listening() as peer:
        peer.on_data = lambda transport, _: transport.abort()
        endpoint, route = route_to(f"stratum+ssl://127.0.0.1:{peer.port}")
        with pytest.raises(ConnectError, match="hung up in the TLS handshake"):
            await connect(endpoint, Client, route)


@in_loop
async def test_a_handshake_that_stalls_is_given_up() -> None:
    async with listening() as peer:
        time = ManualTime()
        endpoint, route = route_to(f"stratum+ssl://127.0.0.1:{peer.port}")
        dialling = asyncio.create_task(connect(endpoint, Client, route, time.sleep))
        await peer.until(lambda: peer.received[:1] == b"\x16")
        await time.advance(14.9)
        assert not dialling.done()
        await time.advance(0.2)
        with pytest.raises(ConnectError, match="^no TLS handshake within 15 s$") as caught:
            await dialling
        assert caught.value.fault is ConnectFault.TLS_TIMED_OUT
        await peer.until(peer.transports[0].is_closing)


# What a user may get wrong.


def test_a_ca_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tls-ca .*nowhere.pem: cannot be read: no such file"):
        Tls(ca_file=tmp_path / "nowhere.pem")


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x30\x82\x01\x00"])
def test_a_ca_file_without_certificates_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="tls-ca .*ca.pem: expected certificates in PEM"):
        Tls(ca_file=path)


def test_a_folder_is_no_ca_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tls-ca"):
        Tls(ca_file=tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"tls_pins": (OTHER_PIN,), "tls_ca": "ca.pem"},
        {"tls_pins": (OTHER_PIN,), "tls_insecure": True},
        {"tls_ca": "ca.pem", "tls_insecure": True},
    ],
)
def test_contradictions_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        route_to("stratum+ssl://pool.example:443", **settings)


@pytest.mark.parametrize(
    "settings", [{"tls_pins": (OTHER_PIN,)}, {"tls_ca": "ca.pem"}, {"tls_insecure": True}]
)
def test_tls_settings_without_tls_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(
        UsageError, match=r"for TLS, not stratum\+tcp://pool.example:443: write str"
    ):
        route_to("pool.example:443", **settings)
