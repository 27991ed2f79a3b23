"""Where messages go out, one after another: nothing waits for it, and little waits in it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from stampmill.core.operate.alerts.message import Message

MOST_WAITING = 32
CLOSE_SECONDS = 2.0
"""At the end of a run, for what still waits."""

Tell = Callable[[str], None]
"""Takes a warning for people."""


class DeliveryError(Exception):
    """A message did not arrive: why, without a secret."""


class Channel(Protocol):
    """Something that takes messages."""

    @property
    def name(self) -> str:
        """Its name in counters: command, webhook, notify."""

    async def send(self, message: Message) -> None:
        """Deliver one; raise DeliveryError."""

    async def close(self) -> None:
        """Give back what it holds."""


class Outlet:
    """The queue in front of a channel. What there is no room for is counted as dropped."""

    def __init__(self, channel: Channel, tell: Tell) -> None:
        self.counts = Counter({f"{channel.name}-{fate}": 0 for fate in ("sent", "failed")})
        self._channel = channel
        self._tell = tell
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._sending = False

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._run())

    def put(self, message: Message) -> None:
        """Take a message; if too many wait, the oldest goes."""
        if self._waiting.full():
            self._waiting.get_nowait()
            self._waiting.task_done()
            self._drop(1)
        self._waiting.put_nowait(message)

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Send what waits, for so long at the most."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.join(), seconds)
        left = self._waiting.qsize() + self._sending
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._channel.close()
        if left:
            self._drop(left)

    async def _run(self) -> None:
        while True:
            message = await self._waiting.get()
            self._sending = True
            await self._send(message)
            self._sending = False
            self._waiting.task_done()

    async def _send(self, message: Message) -> None:
        name = self._channel.name
        try:
            await self._channel.send(message)
        except Exception as error:
            self.counts[f"{name}-failed"] += 1
            # The text of what is not ours might have a secret in it.
            why = error if isinstance(error, DeliveryError) else type(error).__name__
            self._tell(f"alert {name}: {why}")
        else:
            self.counts[f"{name}-sent"] += 1

    def _drop(self, count: int) -> None:
        name = f"{self._channel.name}-dropped"
        first = not self.counts[name]
        self.counts[name] += count
        if first:
            self._tell(f"alert {self._channel.name}: too slow, from now on alerts may be missing")
