"""Notices that a board has gone silent, and says what to try next."""

from collections.abc import Iterable
from enum import Enum

from stampmill.core.backends.asic.board.base import BoardError

# With k expected intervals without a nonce a sound board is as rare as exp(-k).
_INTERVALS = 20
_SHORTEST = 3.0
"""Seconds: nothing is tried again sooner, however fast the board."""


class Remedy(Enum):
    """What to do about a silent board, mildest first."""

    RESEND = "send the job again"
    REINIT = "set the chips up again"
    RESET = "reset the board"
    GIVE_UP = "give the board up"


class SilentError(BoardError):
    """No good nonce for too long."""

    def __init__(self, name: str, remedy: Remedy) -> None:
        super().__init__(f"{name} found nothing for far too long")
        self.remedy = remedy


class Watchdog:
    """Times are monotonic seconds. It sleeps until it is told that there is work."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._interval = 1.0
        self._tried = 0

    def watch(self, now: float, interval: float) -> None:
        """Expect a nonce every so many seconds on average; go on if already watching."""
        self._interval = interval
        if self._since is None:
            self._since = now

    def alive(self, now: float) -> None:
        """Take note of a nonce that was right."""
        if self._since is not None:
            self._since = now
        self._tried = 0

    def tried(self, now: float) -> None:
        """Give a remedy its time."""
        self._since = now

    def rest(self) -> None:
        """Expect nothing, until there is work again."""
        self._since = None

    def remedy(self, now: float) -> Remedy | None:
        """Return what to do now, each remedy once; None: the board is sound, or has time left."""
        if self._since is None or now - self._since < self._patience:
            return None
        remedy = _LADDER[min(self._tried, len(_LADDER) - 1)]
        self._tried += 1
        self._since = now
        return remedy

    @property
    def _patience(self) -> float:
        return max(_INTERVALS * self._interval, _SHORTEST)


class ChipWatch:
    """Looks after each chip of a chain by itself, while the board as a whole is sound.

    A chip that lost its power for a moment has forgotten everything, and only setting the chain up
    again brings it back. A chip that stays silent after that is left alone.
    """

    def __init__(self) -> None:
        self.given_up: set[int] = set()
        self._heard: dict[int, float] = {}
        self._tried: set[int] = set()

    def begin(self, chips: int, now: float) -> None:
        """Expect every chip from now on."""
        self._heard = dict.fromkeys(range(chips), now)

    def alive(self, chip: int | None, now: float) -> None:
        """Take note of a nonce that was right."""
        if chip in self._heard:
            self._heard[chip] = now
            self._tried.discard(chip)
            self.given_up.discard(chip)

    def silent(self, now: float, interval: float) -> tuple[list[int], list[int]]:
        """Return the chips to help, and those that have just been given up."""
        patience = max(_INTERVALS * interval, _SHORTEST)
        late = [chip for chip, heard in self._heard.items() if now - heard > patience]
        fresh = [chip for chip in late if chip not in self._tried]
        lost = [chip for chip in late if chip in self._tried and chip not in self.given_up]
        self._tried.update(fresh)
        self.given_up.update(lost)
        return fresh, lost


def named(chips: Iterable[int]) -> str:
    """Return chips by their places, for people."""
    return ", ".join(f"chip {chip}" for chip in chips)


_LADDER = (Remedy.RESEND, Remedy.REINIT, Remedy.RESET, Remedy.GIVE_UP)
