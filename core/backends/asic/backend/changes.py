"""Changes of a board that take a bring-up: asked for by one task, carried out by another."""

import asyncio
from collections.abc import Callable

from stampmill.core.backends.asic.board.base import BoardError, Settable
from stampmill.core.errors import StampmillError


class NewVoltageError(BoardError):
    """Nothing is wrong: the board is to be brought up at another voltage."""

    def __init__(self, name: str, volts: float, undo: Callable[[], None]) -> None:
        super().__init__(f"{name} is set to another voltage")
        self.volts = volts
        self.undo = undo
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Changes:
    """Those that are under way."""

    def __init__(self) -> None:
        self._open: set[NewVoltageError] = set()

    def ask(self, board: Settable, name: str, mhz: float, volts: float) -> NewVoltageError:
        """Have the next bring-up set this; raise UsageError beyond limits."""
        before = board.said()
        board.set_point(mhz, volts)
        change = NewVoltageError(name, volts, lambda: board.set_point(*before))
        self._open.add(change)
        return change

    async def wait_for(self, change: NewVoltageError) -> None:
        """Wait until the board is up as asked; raise why it is not, but as it was before."""
        try:
            await change.done
        finally:
            self._open.discard(change)

    def undo(self) -> None:
        """Have the next bring-up set what was before."""
        for change in self._open:
            if not change.done.done():
                change.undo()

    def missed(self, volts: float | None) -> NewVoltageError | None:
        """Take note that the board is up at this voltage; return a change that it is not yet."""
        wrong = None
        for change in self._open:
            if change.done.done():
                continue
            if change.volts == volts:
                change.done.set_result(None)
            else:
                wrong = change
        return wrong

    def fail(self, error: StampmillError) -> None:
        """Let everybody who waits know that it comes to nothing."""
        for change in self._open:
            if not change.done.done():
                change.done.set_exception(error)
