"""Python's collector of cycles, kept out of the way of jobs and shares.

By itself it starts after so many allocations, so most often while a job is being read, and then
holds everything up for up to two milliseconds (measured: 12 short and one long collection in 150
jobs). Mining makes next to no cycles, so a regular look at the young objects is enough.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PAUSE = 1.0
"""Seconds between two collections of the young objects."""
_FULL_EVERY = 300
"""Every so many of them, one of all objects."""


@asynccontextmanager
async def collected_on_the_side(pause: float = PAUSE) -> AsyncIterator[None]:
    """For a block, collect by the clock only, and never look at what is there already.

    It is for whoever owns the process: the collector is one for all threads.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    collecting = asyncio.create_task(_collect_regularly(pause))
    try:
        yield
    finally:
        collecting.cancel()
        gc.unfreeze()
        if was_enabled:
            gc.enable()


async def _collect_regularly(pause: float) -> None:
    rounds = 0
    while True:
        await asyncio.sleep(pause)
        rounds += 1
        gc.collect(1 if rounds % _FULL_EVERY else 2)
