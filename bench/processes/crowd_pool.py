"""The embedded pool on one core, with thousands of connections."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass

from stampmill.bench.processes import holdings
from stampmill.bench.processes.children import ChildError, Result, Settings
from stampmill.core.garbage import collected_on_the_side
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.options import PoolOptions
from stampmill.pool.server.sockets.open_files import make_room

_LOOK_EVERY = 0.1


def child(settings: Settings) -> Result:
    """Serve until the input is closed; tell when each job was made, and what was held at most."""
    count = settings["connections"]
    if make_room(count) < count:
        raise ChildError(f"no room for {count} connections: raise it with ulimit -n")
    _stay_on_one_core()
    options = PoolOptions(
        job_interval=settings["job_interval"],
        clean_every_job=True,
        block_every=0,
        fixed_difficulty=1e6,
        max_connections=count,
        transactions=settings["transactions"],
    )
    return asyncio.run(_serve(options))


def _stay_on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


async def _serve(options: PoolOptions) -> Result:
    pool = EmbeddedPool(options)
    host, port = await pool.start()
    empty = holdings.read().resident
    print(json.dumps({"host": host, "port": port}), flush=True)
    peak = _Peak()
    watching = asyncio.create_task(_watch(pool, peak))
    try:
        async with collected_on_the_side():
            await asyncio.to_thread(sys.stdin.read)
    finally:
        watching.cancel()
        await pool.close()
    with suppress(asyncio.CancelledError):
        await watching
    jobs = {one.id: [one.sent_at, one.written_at] for one in pool.job_stats()}
    return {"empty": empty, "full": peak.resident, "most": peak.connections, "jobs": jobs}


@dataclass(slots=True)
class _Peak:
    """The most connections that were seen, and what was resident with them."""

    connections: int = 0
    resident: int = 0


async def _watch(pool: EmbeddedPool, peak: _Peak) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        connections = pool.snapshot().connections
        if connections >= peak.connections:
            peak.connections, peak.resident = connections, holdings.read().resident
