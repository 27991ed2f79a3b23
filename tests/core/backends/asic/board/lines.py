"""Ports for boards under test: one that a test answers for, and clocks that do not wait."""

import asyncio
from collections.abc import Callable


class ScriptedPort:
    """Keeps what is written; `answers` says what comes back for each write. Implements Port."""

    def __init__(self, answers: Callable[[bytes], bytes] = lambda _data: b"") -> None:
        self.name, self.baud = "scripted", 115_200
        self.written: list[bytes] = []
        self.closed = False
        self._answers = answers
        self._replies: asyncio.Queue[bytes] = asyncio.Queue()

    async def opened(self, name: str) -> "ScriptedPort":
        """Fits a board's opener."""
        self.name, self.closed = name, False
        return self

    def say(self, data: bytes) -> None:
        self._replies.put_nowait(data)

    async def read(self) -> bytes:
        return await self._replies.get()

    def write(self, data: bytes) -> None:
        self.written.append(data)
        if answer := self._answers(data):
            self.say(answer)

    async def drain(self) -> None:
        """Nothing waits."""

    async def set_baud(self, baud: int) -> None:
        self.baud = baud

    async def close(self) -> None:
        self.closed = True


async def at_once(_seconds: float) -> None:
    """Let others run, and no time pass."""
    await asyncio.sleep(0)
