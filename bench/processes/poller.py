"""Who watches a run: asks each of its surfaces so often, in a process that gives way."""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stampmill.bench.processes.children import Result, Settings
from stampmill.bench.processes.turns import give_way
from stampmill.bench.summary import percentile

_PATIENCE = 10.0
_MOST = 16 << 20
_HELD = 200
"""Connections that an abuser keeps on a port."""
_ABUSE_EVERY = 0.02
_ROT = 65_536


def child(settings: Settings) -> Result:
    """Do as each line of the input says until it ends, and tell what came of it.

    A line has `asks`, requests by name with the port that each goes to, and `every`, in seconds;
    `stream` has a port and a request whose answer has no end; `abuse` has ports on which to hold
    connections open that say little, and to say what is no request.
    """
    give_way(settings)
    return asyncio.run(_serve())


@dataclass(slots=True)
class _Log:
    asked: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)


async def _serve() -> Result:
    logs: dict[str, _Log] = {}
    print(json.dumps({"pid": os.getpid()}), flush=True)
    task: asyncio.Task[None] | None = None
    while line := await asyncio.to_thread(sys.stdin.readline):
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        task = asyncio.create_task(_watch(json.loads(line), logs))
    if task is not None:
        task.cancel()
    return {name: _told(log) for name, log in logs.items()}


def _told(log: _Log) -> dict[str, Any]:
    p50, p99 = (percentile(log.seconds or [0.0], percent) for percent in (50, 99))
    return {"asked": log.asked, "failed": log.failed, "p50": p50, "p99": p99}


async def _watch(order: Mapping[str, Any], logs: dict[str, _Log]) -> None:
    asks = [
        _ask_regularly(port, request.encode(), order["every"], logs.setdefault(name, _Log()))
        for name, (port, request) in order.get("asks", {}).items()
    ]
    if stream := order.get("stream"):
        port, request = stream
        asks.append(_listen(port, request, logs.setdefault("stream", _Log())))
    asks += [_abuse(port, logs.setdefault("abuse", _Log())) for port in order.get("abuse", ())]
    await asyncio.gather(*asks)


async def _abuse(port: int, log: _Log) -> None:
    """Keep as many connections as there may be, each with a letter of a request, and talk rot."""
    chance = random.Random(port)
    held: list[asyncio.StreamWriter] = []
    try:
        while True:
            log.asked += 1
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                held.append(writer)
                writer.write(b"G" if log.asked % 4 else chance.randbytes(_ROT))
            except OSError:
                log.failed += 1
            while len(held) > _HELD:
                held.pop(0).transport.abort()
            await asyncio.sleep(_ABUSE_EVERY)
    finally:
        for writer in held:
            writer.transport.abort()


async def _ask_regularly(port: int, request: bytes, every: float, log: _Log) -> None:
    due = time.monotonic()
    while True:
        due += every
        await asyncio.sleep(max(due - time.monotonic(), 0.0))
        log.asked += 1
        begun = time.monotonic()
        try:
            await asyncio.wait_for(_ask(port, request), _PATIENCE)
        except (OSError, TimeoutError):
            log.failed += 1
        else:
            log.seconds.append(time.monotonic() - begun)


async def _ask(port: int, request: bytes) -> None:
    """Ask, and read the answer to its end; raise OSError if there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        if not await reader.read(_MOST):
            raise ConnectionError("no answer")
        while await reader.read(_MOST):
            pass
    finally:
        writer.close()


async def _listen(port: int, request: str, log: _Log) -> None:
    """Read an answer that has no end; each piece counts as one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.encode())
        while await reader.read(_MOST):
            log.asked += 1
    except OSError:
        log.failed += 1
    finally:
        writer.close()
