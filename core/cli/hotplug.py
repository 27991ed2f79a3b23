"""Boards that are plugged in while a run goes on join it, where it mines on all there are."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stampmill.core.backends.base import Backend
from stampmill.core.errors import StampmillError
from stampmill.core.miner import Miner

if TYPE_CHECKING:
    from stampmill.core.backends.asic.link.discovery import FoundBoard

LOOK_EVERY_SECONDS = 2.0


class Hotplug:
    """Lets boards join that nothing mines on, each as soon as it lacks nothing.

    `running` are the boards that the run begins with, by what they are called; `make` returns a
    backend for one more, not yet open. A board that cannot be brought up is told of once, and tried
    again when it has been plugged out and in.
    """

    def __init__(
        self,
        miner: Miner,
        running: Mapping[str, Backend],
        make: Callable[[str], Backend],
        tell: Callable[[str], None],
        find: "Callable[[], tuple[FoundBoard, ...]] | None" = None,
    ) -> None:
        self._miner = miner
        self._make = make
        self._tell = tell
        self._find = find or _find_boards
        self._mined = dict(running)
        self._opened: set[Backend] = set()
        self._refused: set[str] = set()

    async def look(self) -> None:
        """Let what is new join."""
        boards = {board.call_name: board for board in await asyncio.to_thread(self._find)}
        self._refused &= boards.keys()
        self._forget_the_dead()
        for name, board in boards.items():
            if not board.missing and name not in self._refused and name not in self._mined:
                await self._join(board)

    def _forget_the_dead(self) -> None:
        """Let a board that was given up join again; one that is still being opened is not dead."""
        alive = set(self._miner.backends)
        self._opened |= alive
        for name, backend in tuple(self._mined.items()):
            if backend in self._opened and backend not in alive:
                del self._mined[name]

    async def _join(self, board: "FoundBoard") -> None:
        backend = self._make(board.call_name)
        try:
            await self._miner.add(backend)
        except StampmillError as error:
            self._refused.add(board.call_name)
            self._tell(f"{board.name} cannot join: {error}")
        else:
            self._mined[board.call_name] = backend
            self._opened.add(backend)
            self._tell(f"{board.name} has joined: {board.about}")


@asynccontextmanager
async def joining(hotplug: Hotplug | None) -> AsyncIterator[None]:
    """Look for boards every few seconds inside, if that is wanted."""
    looking = None if hotplug is None else asyncio.create_task(_look_again_and_again(hotplug))
    try:
        yield
    finally:
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


def _find_boards() -> "tuple[FoundBoard, ...]":
    # A run without boards goes without the search for them.
    from stampmill.core.backends.asic.link.discovery import find_boards  # noqa: PLC0415

    return find_boards()


async def _look_again_and_again(hotplug: Hotplug) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        await hotplug.look()
