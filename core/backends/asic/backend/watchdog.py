"""Notices that a board has gone silent, and says what to try next."""

from enum import Enum

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


_LADDER = (Remedy.RESEND, Remedy.REINIT, Remedy.RESET, Remedy.GIVE_UP)
