"""Boards that come and go: what has changed since somebody looked last."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.link.discovery import FoundBoard


class Change(Enum):
    """What became of a board."""

    APPEARED = "appeared"
    GONE = "gone"
    MOVED = "moved"
    """The same board, by its serial number, under other port names."""
    READY = "ready"
    """It was there, and now nothing is missing."""


@dataclass(frozen=True, slots=True)
class BoardChange:
    """A board and what became of it."""

    change: Change
    board: FoundBoard


class BoardWatch:
    """Compares what is plugged in with what was. Ask as often as you like; it does no I/O."""

    def __init__(self, boards: Iterable[FoundBoard] = ()) -> None:
        self._boards = {board.key: board for board in boards}

    def look(self, boards: Iterable[FoundBoard]) -> list[BoardChange]:
        """Return the changes since the last look, those that left first."""
        now = {board.key: board for board in boards}
        before, self._boards = self._boards, now
        gone = [BoardChange(Change.GONE, b) for key, b in before.items() if key not in now]
        return gone + [
            BoardChange(change, board)
            for key, board in now.items()
            if (change := _change(before.get(key), board)) is not None
        ]


def _change(before: FoundBoard | None, now: FoundBoard) -> Change | None:
    if before is None:
        return Change.APPEARED
    if before.ports != now.ports and before.ports:
        return Change.MOVED
    if before.missing and not now.missing:
        return Change.READY
    return None
