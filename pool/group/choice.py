"""Which pool to mine on, and which to keep a connection to: two policies, without I/O."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from stampmill.pool.group.health import Health


class Choice(NamedTuple):
    """The pool to mine on, if any, by its place in the order; and how many to be connected to."""

    active: int | None
    dialled: int


class Policy(Protocol):
    """Decides, each time that something has happened, and about once a second."""

    takes_turns: bool
    """Whether going from one pool to another is everyday, and not worth a line."""

    def choose(self, pools: Sequence[Health], active: int | None, now: float) -> Choice:
        """Return what is best now, given the pool that is mined on."""


class Failover:
    """The first that works. Those before it are dialled in the background, those behind are not."""

    takes_turns = False

    def choose(self, pools: Sequence[Health], active: int | None, now: float) -> Choice:
        """Return the active pool while it works and no better one is stable."""
        usable = [place for place, pool in enumerate(pools) if pool.job is not None]
        if active in usable:
            better = [p for p in usable if p < active and pools[p].is_stable(now)]
            active = better[0] if better else active
        else:
            active = usable[0] if usable else None
        if active is not None:
            return Choice(active, active + 1)
        in_doubt = (p for p, pool in enumerate(pools) if not pool.had_its_chance(now))
        return Choice(None, next(in_doubt, len(pools) - 1) + 1)


class Balance:
    """All of them in turns, so that the time on each is as its quota to the others'."""

    takes_turns = True

    def __init__(self, slice_seconds: float) -> None:
        self._slice = slice_seconds
        self._usable: frozenset[Health] = frozenset()
        self._turn_until = 0.0
        self._counted_at: float | None = None

    def choose(self, pools: Sequence[Health], active: int | None, now: float) -> Choice:
        """Return the active pool until its turn is over, then the one furthest behind."""
        self._count(None if active is None else pools[active], now)
        usable = [place for place, pool in enumerate(pools) if pool.job is not None]
        self._welcome(frozenset(pools[place] for place in usable))
        if active not in usable or now >= self._turn_until:
            active = min(usable, key=lambda place: (pools[place].served, place), default=None)
            self._turn_until = now + self._slice
        return Choice(active, len(pools))

    def _count(self, active: Health | None, now: float) -> None:
        if active is not None and self._counted_at is not None:
            active.served += (now - self._counted_at) / active.quota
        self._counted_at = now

    def _welcome(self, usable: frozenset[Health]) -> None:
        """Let who comes back begin level with the others: time away is not made up for."""
        stayed = usable & self._usable
        if stayed:
            level = min(pool.served for pool in stayed)
            for pool in usable - stayed:
                pool.served = max(pool.served, level)
        self._usable = usable
