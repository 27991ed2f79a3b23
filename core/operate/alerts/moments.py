"""What happens in a moment, and is shown for a while: a pool switched, a redirect, a block."""

from collections.abc import Iterator, Sequence

from stampmill.core.operate.alerts.finding import Finding, Step
from stampmill.core.operate.labels import pool_labels
from stampmill.core.operate.words import plural
from stampmill.core.snapshot import AlertKind, PoolStanding, Snapshot

SHOWN_SECONDS = 900.0
"""How long it stands."""


class _Moments:
    """Findings that stand for a while since they came last."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, Finding]] = {}

    def add(self, finding: Finding, now: float) -> None:
        self._until[finding.subject] = now + SHOWN_SECONDS, finding

    def clear(self) -> None:
        self._until.clear()

    def standing(self, now: float) -> Sequence[Finding]:
        self._until = {name: one for name, one in self._until.items() if one[0] > now}
        return [finding for _, finding in self._until.values()]


class PoolSwitched:
    """Another pool is mined on than before; not where all are mined on in turns.

    Each switch is told, and takes the place of the one before.
    """

    def __init__(self, *, in_turns: bool) -> None:
        self._in_turns = in_turns
        self._moments = _Moments()
        self._at: int | None = None
        self._switches = 0

    def look(self, step: Step) -> Sequence[Finding]:
        """Compare the pool that has a job for us with the one that had the last.

        Before there is a job it is the first one: a start at another is a switch.
        """
        shot = step.shot
        here, there = shot.source.number, self._at
        if there is None:
            self._at = here
        # Between two pools that fail, the first is shown and nothing is mined on.
        elif shot.job is not None and here != there and not self._in_turns:
            self._at = here
            self._note(shot, here, there)
        return self._moments.standing(shot.seconds)

    def _note(self, shot: Snapshot, to: int, before: int) -> None:
        labels = zip(shot.pools, pool_labels(shot), strict=True)
        names = {pool.status.number: label for pool, label in labels}
        here, there = names.get(to, f"pool {to}"), names.get(before, f"pool {before}")
        self._switches += 1
        self._moments.clear()
        text = f"mining at {here} instead of {there}"
        finding = Finding(AlertKind.POOL_SWITCHED, here, text, self._switches)
        self._moments.add(finding, shot.seconds)


class RedirectRefused:
    """A pool asked to go where it may not lead. More of it makes it stand longer, and no more."""

    def __init__(self) -> None:
        self._moments = _Moments()

    def look(self, step: Step) -> Sequence[Finding]:
        """Compare the counters of all pools."""
        for label, before, pool in _pools(step):
            count = _refused(pool)
            if count > _refused(before):
                text = f"asked to connect elsewhere, {plural(count, 'time')} so far; not followed"
                finding = Finding(AlertKind.REDIRECT_REFUSED, label, text)
                self._moments.add(finding, step.shot.seconds)
        return self._moments.standing(step.shot.seconds)


class BlockFound:
    """A share was accepted that solves a block, on a chain where that is worth a word."""

    def __init__(self) -> None:
        self._moments = _Moments()

    def look(self, step: Step) -> Sequence[Finding]:
        """Compare the counters of all pools."""
        for label, before, pool in _pools(step):
            blocks = pool.shares.blocks
            if blocks > before.shares.blocks and _is_rare(step):
                text = f"block found, {blocks} in this run: {label} has accepted its share"
                finding = Finding(AlertKind.BLOCK_FOUND, label, text, blocks)
                self._moments.add(finding, step.shot.seconds)
        return self._moments.standing(step.shot.seconds)


def _pools(step: Step) -> Iterator[tuple[str, PoolStanding, PoolStanding]]:
    """Yield label, before and now of each pool that was there before."""
    known = {pool.status.number: pool for pool in step.before.pools}
    for label, pool in zip(pool_labels(step.shot), step.shot.pools, strict=True):
        if pool.status.number in known:
            yield label, known[pool.status.number], pool


def _refused(pool: PoolStanding) -> int:
    return dict(pool.status.dropped).get("redirect-refused", 0)


def _is_rare(step: Step) -> bool:
    """Tell whether blocks are: on regtest every second hash is one."""
    difficulty = step.before.network_difficulty or step.shot.network_difficulty
    return difficulty is not None and difficulty >= 1
