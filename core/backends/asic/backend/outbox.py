"""The way of nonces from a board's tasks to whoever reads them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from stampmill.core.job import Nonce

MAX_WAITING = 4096
"""Nonces; more come only if nobody reads, and then the oldest are the least worth."""


class Outbox:
    """Nonces in order; ends, or fails, behind those that are in it."""

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[Nonce] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._failure: Exception | None = None

    def put(self, nonce: Nonce) -> None:
        """Add a nonce; if too many wait, the oldest goes and is counted."""
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(nonce)
        self._news.set()

    def end(self, failure: Exception | None = None) -> None:
        """Let readers end behind what waits, by raising if something failed."""
        if not self._ended:
            self._ended, self._failure = True, failure
        self._news.set()

    async def read(self) -> AsyncIterator[Nonce]:
        """Yield nonces until the end."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._ended:
                break
            self._news.clear()
            await self._news.wait()
        if self._failure is not None:
            raise self._failure
