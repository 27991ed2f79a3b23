"""Waiting for what a server has no event for."""

import asyncio
from collections.abc import Callable

PATIENCE = 30.0
"""Real seconds after which a test that waits for something has failed."""


async def eventually(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110  there is nothing to wait for but time
            await asyncio.sleep(0.01)
