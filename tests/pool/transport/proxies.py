"""Proxies to go through: a real one in its own process, and scripted ones that misbehave."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from tests.pool.loopback import Changes, turns

# It takes uvloop where that is installed, and fails with the versions of today.
_PPROXY = """
import runpy, sys
sys.modules["uvloop"] = None
runpy.run_module("pproxy", run_name="__main__")
"""


@contextmanager
def pproxy(scheme: str, credentials: str = "") -> Iterator[int]:
    """Run pproxy, a proxy server that is not ours, on a free port of 127.0.0.1; yield the port."""
    port = _free_port()
    where = f"{scheme}://127.0.0.1:{port}" + (f"#{credentials}" if credentials else "")
    process = subprocess.Popen(
        [sys.executable, "-P", "-W", "ignore", "-c", _PPROXY, "-l", where],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_port(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("pproxy does not come up")


@dataclass
class ScriptedProxy(Changes):
    """Answers each read with the next of these; then says nothing more, or hangs up."""

    answers: list[bytes]
    hangs_up: bool = False
    port: int = 0
    received: list[bytes] = field(default_factory=list)
    transports: list[asyncio.Transport] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()


class _Side(asyncio.Protocol):
    def __init__(self, proxy: ScriptedProxy) -> None:
        self._proxy = proxy

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._proxy.transports.append(transport)

    def data_received(self, data: bytes) -> None:
        proxy = self._proxy
        proxy.received.append(data)
        if proxy.answers:
            self._transport.write(proxy.answers.pop(0))
        if not proxy.answers and proxy.hangs_up:
            self._transport.close()
        proxy.changed()


@asynccontextmanager
async def scripted(*answers: bytes, hangs_up: bool = False) -> AsyncIterator[ScriptedProxy]:
    proxy = ScriptedProxy(list(answers), hangs_up)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Side(proxy), "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await turns()
        for transport in proxy.transports:
            transport.abort()
        await turns()
