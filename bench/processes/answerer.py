"""A server that does nothing: what watching costs whoever is watched, it does not cost this one."""

import asyncio
import json
import sys

from stampmill.bench.processes.children import Result, Settings
from stampmill.bench.processes.turns import give_way


def child(settings: Settings) -> Result:
    """Answer every request with so many bytes until the input is closed."""
    give_way(settings)
    return asyncio.run(_serve(bytes(settings["bytes"])))


async def _serve(answer: bytes) -> Result:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answerer(answer), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    return {}


class _Answerer(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what asyncio gives for TCP
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  asyncio's signature
        if self._transport is not None:
            self._transport.write(self._answer)
            self._transport.close()
