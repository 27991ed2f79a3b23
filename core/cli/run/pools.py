"""The pools of a run as they are steered: by an API, over HTTP, by another configuration."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from stampmill.core.errors import UsageError
from stampmill.core.job_source import JobSource
from stampmill.core.settings import PoolSettings
from stampmill.pool.client import StratumSource
from stampmill.pool.group.source import PoolGroup
from stampmill.pool.solo.node_url import is_node_url


class Pools:
    """A group and the settings of each of its pools, by their numbers.

    `make` returns the source of a pool, within the same bounds as those that the run began with.
    """

    def __init__(
        self,
        group: PoolGroup,
        settings: Sequence[PoolSettings],
        make: Callable[[PoolSettings], JobSource],
    ) -> None:
        self._group = group
        self._settings = list(settings)
        self._make = make

    def reorder(self, numbers: Sequence[int]) -> None:
        """Prefer these pools; raise UsageError."""
        self._group.reorder(numbers)

    def enable(self, number: int, *, wanted: bool) -> None:
        """Use a pool or leave it be; raise UsageError."""
        self._group.enable(number, wanted=wanted)

    def add(self, pool: PoolSettings) -> int:
        """Take one more pool, behind all others, and return its number; raise UsageError."""
        return self._add(pool, self._source(pool))

    def remove(self, number: int) -> None:
        """Leave a pool for good; raise UsageError."""
        self._group.remove(number)
        del self._settings[number]

    def set_quota(self, number: int, quota: int) -> None:
        """Give a pool another part of the work; raise UsageError."""
        if quota < 1:
            raise UsageError(f"quota: {quota} is not 1 or more")
        self._group.set_quota(number, quota)
        self._settings[number] = replace(self._settings[number], quota=quota)

    def wish(self, number: int, suggest: float | None, minimum: float | None) -> None:
        """Ask a pool for another difficulty; raise UsageError."""
        source = self._group.source(number)
        if not isinstance(source, StratumSource):
            raise UsageError(f"pool {number} is a node, which gives the network's difficulty")
        for value in (suggest, minimum):
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise UsageError(f"difficulty: {value:g} is not above 0")
        source.wish(suggest, minimum)
        self._settings[number] = replace(
            self._settings[number], suggest_difficulty=suggest, minimum_difficulty=minimum
        )

    def reload(
        self, old: Sequence[PoolSettings], new: Sequence[PoolSettings]
    ) -> tuple[list[str], list[str]]:
        """Go from one configuration's pools to another's; raise UsageError before any change.

        Return what was done, and what waits for the next start, each as a line. Pools that are in
        neither stay, and nodes are left as they are.
        """
        waiting = _nodes_changed(old, new)
        old, new = _without_nodes(old), _without_nodes(new)
        before, after = [*map(_identity, old)], [*map(_identity, new)]
        coming = [pool for pool in new if _identity(pool) not in before]
        # All of them before any change: one that cannot be meant leaves everything as it is.
        sources = [self._source(pool) for pool in coming]
        added = [self._add(*both) for both in zip(coming, sources, strict=True)]
        done = [f"pool {self._name(number)} added" for number in added]
        done += [text for pool in new for text in self._adjust(pool)]
        for pool in old:
            if _identity(pool) not in after and (number := self._number(pool)) is not None:
                done += self._leave(number, waiting)
        if after != [*(pool for pool in before if pool in after), *map(_identity, coming)]:
            done += self._rank(new)
        return done, waiting

    def _source(self, pool: PoolSettings) -> JobSource:
        if is_node_url(pool.url):
            raise UsageError("a node can be added at the next start only")
        return self._make(pool)

    def _add(self, pool: PoolSettings, source: JobSource) -> int:
        self._settings.append(pool)
        return self._group.add(source, pool.quota)

    def _adjust(self, pool: PoolSettings) -> list[str]:
        """Give a pool that there is the difficulty and quota that are wanted of it now."""
        number, done = self._number(pool), []
        if number is None:
            return []
        has, name = self._settings[number], self._name(number)
        wishes = pool.suggest_difficulty, pool.minimum_difficulty
        if wishes != (has.suggest_difficulty, has.minimum_difficulty):
            self.wish(number, *wishes)
            done.append(f"difficulty asked of {name}")
        if pool.quota != has.quota and self._group.takes_turns:
            self.set_quota(number, pool.quota)
            done.append(f"quota of {name}")
        return done

    def _leave(self, number: int, waiting: list[str]) -> list[str]:
        name = self._name(number)
        try:
            self.remove(number)
        except UsageError as error:
            waiting.append(f"pool {name} stays: {error}")
            return []
        return [f"pool {name} removed"]

    def _rank(self, pools: Sequence[PoolSettings]) -> list[str]:
        numbers = [number for pool in pools if (number := self._number(pool)) is not None]
        if self._group.takes_turns or not numbers:
            return []
        self._group.reorder(numbers)
        return ["pool order"]

    def _number(self, pool: PoolSettings) -> int | None:
        for number, known in enumerate(self._settings):
            if _identity(known) == _identity(pool):
                return number
        return None

    def _name(self, number: int) -> str:
        return self._group.source(number).status().url


def _identity(pool: PoolSettings) -> PoolSettings:
    """Return a pool without what can be changed while it is connected."""
    return replace(pool, suggest_difficulty=None, minimum_difficulty=None, quota=1)


def _without_nodes(pools: Sequence[PoolSettings]) -> list[PoolSettings]:
    return [pool for pool in pools if not is_node_url(pool.url)]


def _nodes_changed(old: Sequence[PoolSettings], new: Sequence[PoolSettings]) -> list[str]:
    before, after = ([pool for pool in pools if is_node_url(pool.url)] for pools in (old, new))
    return [] if before == after else ["nodes changed"]
