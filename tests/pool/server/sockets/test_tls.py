"""The embedded pool over TLS: what it shows is what its miners pin."""

import asyncio
from pathlib import Path

import pytest

from stampmill.core.errors import UsageError
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.events import PoolEvent, PoolEventKind
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.sockets.tls import ServerCertificate
from stampmill.pool.transport.pins import pins_of
from tests.pool.loopback import Recorder, in_loop
from tests.pool.transport.certificates import certificate, der


def files(folder: Path) -> tuple[Path, Path, Path]:
    """Return a certificate, its key, and both in one file."""
    leaf = certificate()
    cert, key, both = folder / "cert.pem", folder / "key.pem", folder / "both.pem"
    leaf.cert_chain_pems[0].write_to_path(str(cert))
    leaf.private_key_pem.write_to_path(str(key))
    leaf.private_key_and_cert_chain_pem.write_to_path(str(both))
    return cert, key, both


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("which", [0, 1], ids=["cert", "spki"])
@in_loop
async def test_a_miner_gets_work_with_the_pin_that_the_pool_shows(
    tmp_path_factory, which: int, apart: bool
) -> None:
    cert, key, both = files(tmp_path_factory.mktemp("tls"))
    told: list[PoolEvent] = []
    options = PoolOptions(tls_cert=cert, tls_key=key) if apart else PoolOptions(tls_cert=both)
    pool = EmbeddedPool(options, on_event=told.append)
    host, port = await pool.start()
    assert told[0].kind is PoolEventKind.LISTENING
    pin = told[0].text.partition("TLS with ")[2].split(" = ")[which]
    settings = PoolSettings(f"stratum+ssl://{host}:{port}", "me", tls_pins=(pin,))
    listener = Recorder()
    source = StratumSource(settings, RetryPolicy(1), user_agent="m")
    task = asyncio.create_task(source.run(listener))
    try:
        await listener.job()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await pool.close()


def test_the_pins_are_those_of_the_certificate(tmp_path: Path) -> None:
    leaf = certificate()
    path = tmp_path / "both.pem"
    leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
    assert ServerCertificate(path).pins == pins_of(der(leaf))


def test_files_that_will_not_do_are_named(tmp_path: Path) -> None:
    cert, key, both = files(tmp_path)
    (tmp_path / "other").mkdir()
    _, other_key, _ = files(tmp_path / "other")
    nothing = tmp_path / "nothing.pem"
    empty = tmp_path / "empty.pem"
    empty.touch()
    for certificate_file, key_file, words in [
        (nothing, None, "no such file"),
        (both, nothing, "no such file"),
        (empty, None, "tls-cert .*empty.pem: "),
        (cert, None, "tls-cert .*cert.pem: "),
        (key, key, "tls-cert .*key.pem"),
        (cert, other_key, "key values mismatch"),
    ]:
        with pytest.raises(UsageError, match=words) as caught:
            ServerCertificate(certificate_file, key_file)
        assert "\n" not in str(caught.value)


def test_an_encrypted_key_is_not_asked_for_at_a_terminal(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    cert, key, _ = files(tmp_path)
    locked = load_pem_private_key(key.read_bytes(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    key.write_bytes(locked)
    with pytest.raises(UsageError, match="encrypted: give one without a passphrase"):
        ServerCertificate(cert, key)
