"""What a miner meets that sends nothing but invalid shares: help first, the door last.

The ladder is ckpool's: after 60 s fresh work, after 120 s the advice to reconnect, after 180 s the
end. An honest miner behind a hiccup never gets far, and nobody's address is ever banned, since
behind one address may stand a whole farm.
"""

from enum import Enum

REMIND_AFTER = 60.0
RECONNECT_AFTER = 120.0
DROP_AFTER = 180.0

MOST_IN_A_ROW = 1000
"""So many without one good share between them are a flood, however fast they came."""


class Penalty(Enum):
    """What to do now."""

    NONE = "none"
    REMIND = "remind"
    """Send the work again."""
    RECONNECT = "reconnect"
    """Ask the miner to come back with a fresh session."""
    DROP = "drop"


class PenaltyLadder:
    """Follows one connection; times are monotonic seconds."""

    __slots__ = ("_in_a_row", "_rung", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._in_a_row = 0
        self._rung = 0

    def good(self) -> None:
        """Forgive everything: a share was accepted."""
        self._since = None
        self._in_a_row = self._rung = 0

    def late(self) -> Penalty:
        """Note a share of a dead job: nobody's fault, unless there is nothing else for ever."""
        self._in_a_row += 1
        return Penalty.DROP if self._in_a_row >= MOST_IN_A_ROW else Penalty.NONE

    def bad(self, now: float) -> Penalty:
        """Note an invalid share or an unusable message; return what to do, each rung once."""
        self._in_a_row += 1
        if self._since is None:
            self._since = now
        if self._in_a_row >= MOST_IN_A_ROW or now - self._since >= DROP_AFTER:
            return Penalty.DROP
        for rung, (after, penalty) in enumerate(_RUNGS, start=1):
            if self._rung < rung and now - self._since >= after:
                self._rung = rung
                return penalty
        return Penalty.NONE


_RUNGS = ((REMIND_AFTER, Penalty.REMIND), (RECONNECT_AFTER, Penalty.RECONNECT))
