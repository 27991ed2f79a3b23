"""The embedded pool in a process of its own."""

import asyncio
import json
import os
import sys
from dataclasses import asdict

from stampmill.bench.processes.children import Result, Settings
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.options import PoolOptions


def child(settings: Settings) -> Result:
    """Serve with these PoolOptions until the input is closed; say the URL, then the counters."""
    _give_way()
    return asyncio.run(_serve(PoolOptions(**settings)))


def _give_way() -> None:
    """Do not take a CPU from the miner at the moment its bytes arrive here.

    A real pool is another machine. Here its turn would fall into the miner's write, which is what
    wakes it, and count as the miner's time (sched(7): a SCHED_BATCH thread preempts nobody).
    """
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        os.nice(19)


async def _serve(options: PoolOptions) -> Result:
    pool = EmbeddedPool(options)
    host, port = await pool.start()
    print(json.dumps({"url": f"stratum+tcp://{host}:{port}"}), flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await pool.close()
    return asdict(pool.snapshot())
