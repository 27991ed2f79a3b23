"""The embedded pool in a process of its own."""

import asyncio
import json
import sys
from dataclasses import asdict

from stampmill.bench.processes.children import Result, Settings
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.options import PoolOptions


def child(settings: Settings) -> Result:
    """Serve with these PoolOptions until the input is closed; say the URL, then the counters."""
    return asyncio.run(_serve(PoolOptions(**settings)))


async def _serve(options: PoolOptions) -> Result:
    pool = EmbeddedPool(options)
    host, port = await pool.start()
    print(json.dumps({"url": f"stratum+tcp://{host}:{port}"}), flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await pool.close()
    return asdict(pool.snapshot())
