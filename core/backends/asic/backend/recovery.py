"""How a board is brought up again: after trouble, after a rest, and at another voltage."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from stampmill.core.backends.asic.backend.changes import Changes, NewVoltageError
from stampmill.core.backends.asic.backend.watchdog import Remedy, SilentError
from stampmill.core.backends.asic.board.base import Board, BoardError, Facts
from stampmill.core.errors import StampmillError

PATIENCE = 60.0
"""Seconds that a board may be away, unplugged or dead, before it is given up."""

_RETRY_PAUSE = 1.0

Sleep = Callable[[float], Awaitable[None]]

Reason = Callable[[], Coroutine[Any, Any, object]]
"""What to wait for."""


class Recovery:
    """Of one board. Whoever calls it has paused the work; `begin` takes it up again."""

    def __init__(
        self,
        board: Board,
        changes: Changes,
        begin: Callable[[Facts], None],
        *,
        clock: Callable[[], float],
        sleep: Sleep,
        tell: Callable[[str], None],
    ) -> None:
        self.recoveries = 0
        """How often there was trouble."""
        self._board = board
        self._changes = changes
        self._begin = begin
        self._clock = clock
        self._sleep = sleep
        self._tell = tell

    async def recover(self, error: StampmillError) -> None:
        """Bring the board up again; raise the error that makes it hopeless."""
        if isinstance(error, NewVoltageError):
            await self._power_anew()
            return
        if isinstance(error, SilentError) and error.remedy is Remedy.GIVE_UP:
            raise error
        self.recoveries += 1
        self._tell(f"{error}; trying to bring it back")
        if not isinstance(error, SilentError):
            await self._stop_quietly()
        elif error.remedy is Remedy.RESET:
            await self._board.reset()
        self._begin(await self._bring_back())
        self._tell(f"{self._board.name} is back")

    async def leave_cold(self, *reasons: Reason) -> None:
        """Take the board's power away until one of the reasons to bring it up has come."""
        self._tell(f"{self._board.name} has nothing to do: left cold")
        await self._stop_quietly()
        await _first(*reasons)
        self._begin(await self._bring_back())
        self._tell(f"{self._board.name} is up again")

    async def _power_anew(self) -> None:
        """Bring the board up as it was set; if it does not come, as it was before."""
        try:
            facts = await self._board.bring_up()
        except StampmillError as error:
            await self._stop_quietly()
            self._changes.undo()
            facts = await self._bring_back()
            self._changes.fail(error)
        self._begin(facts)

    async def _bring_back(self) -> Facts:
        give_up_at = self._clock() + PATIENCE
        while True:
            try:
                return await self._board.bring_up()
            except StampmillError as error:
                await self._stop_quietly()
                if self._clock() >= give_up_at:
                    raise BoardError(f"given up after {PATIENCE:g} s: {error}") from error
            await self._sleep(_RETRY_PAUSE)

    async def _stop_quietly(self) -> None:
        """Close what is left of the board; that it is gone is known already.

        Who closes the backend meanwhile waits for it: a guardian must not be left half-way.
        """
        stopping = asyncio.ensure_future(self._board.stop())
        try:
            with suppress(StampmillError):
                await asyncio.shield(stopping)
        except asyncio.CancelledError:
            await asyncio.gather(stopping, return_exceptions=True)
            raise


async def _first(*waits: Reason) -> None:
    """Wait until one of them is over."""
    tasks = [asyncio.create_task(wait()) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
