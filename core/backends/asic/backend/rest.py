"""How long a board has had nothing to do, and when it has something again."""

import asyncio

COLD_AFTER = 60.0
"""Seconds without work after which a board is left cold: a shorter rest is not worth bringing it
up again, which takes some seconds and changes its chips between hot and cool."""


class LongRestError(Exception):
    """The board has had nothing to do for so long that it should be cold; no fault of anything."""


class Rest:
    """The rest of one board. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.is_long = False
        """Whether the board was told to be left cold, and is not back yet."""
        self._since: float | None = None
        self._wanted = asyncio.Event()

    def turn_to(self, *, wanted: bool) -> None:
        """Take note of whether there is work for the board."""
        if wanted:
            self._since = None
            self._wanted.set()
        else:
            self._wanted.clear()

    def look(self, now: float) -> None:
        """Raise LongRestError once there has been no work for long."""
        if self._wanted.is_set():
            return
        if self._since is None:
            self._since = now
        elif now - self._since >= COLD_AFTER:
            self._since, self.is_long = None, True
            raise LongRestError

    async def over(self) -> None:
        """Wait until there is work again."""
        await self._wanted.wait()

    def end(self) -> None:
        """Take the board for up again."""
        self.is_long = False
