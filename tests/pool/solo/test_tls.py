"""A node behind TLS: verified, by the CAs that the user names."""

import ssl
from pathlib import Path

import pytest
from aiohttp import web

from stampmill.pool.egress import Egress
from stampmill.pool.solo.credentials import Credentials
from stampmill.pool.solo.errors import NodeError
from stampmill.pool.solo.node_client import NodeClient
from stampmill.pool.solo.node_url import NodeAddress
from stampmill.pool.transport.tls import Tls
from tests.pool.loopback import in_loop
from tests.pool.transport.certificates import ca_file, server_context

from .nodes import Node


async def call(tls: Tls, server: ssl.SSLContext) -> bytes:
    runner = web.ServerRunner(web.Server(Node().answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server).start()
    address = NodeAddress("https", "127.0.0.1", runner.addresses[0][1])
    client = NodeClient(address, Credentials(), Egress(["127.0.0.1"]), tls)
    try:
        return bytes(await client.call("getbestblockhash"))
    finally:
        await client.close()
        await runner.cleanup()


@in_loop
async def test_a_certificate_of_the_users_ca_is_taken(tmp_path: Path) -> None:
    assert len(await call(Tls(ca_file=ca_file(tmp_path)), server_context())) == 66


@in_loop
async def test_a_certificate_of_nobody_known_is_refused() -> None:
    with pytest.raises(NodeError, match="certificate"):
        await call(Tls(), server_context())


@in_loop
async def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="certificate"):
        await call(Tls(ca_file=ca_file(tmp_path)), server_context("node.example"))


@in_loop
async def test_whoever_wants_it_takes_any_certificate() -> None:
    assert await call(Tls(insecure=True), server_context("node.example"))
