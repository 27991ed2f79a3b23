"""Rules on shares: that they are accepted at all, and how many are not."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from stampmill.core.operate.alerts import chance
from stampmill.core.operate.alerts.finding import Finding, Step, rests
from stampmill.core.operate.figures import DIFFICULTY_1_HASHES
from stampmill.core.operate.labels import pool_labels
from stampmill.core.operate.words import duration, plural
from stampmill.core.snapshot import AlertKind, Shares, Snapshot

INTERVALS = 10.0
"""Expected shares without an accepted one: chance alone does that once in 22,026 waits (e^10)."""
AT_LEAST_SECONDS = 60.0
"""Sooner it is no news, however many shares were to be expected."""
NO_JOB_SECONDS = 300.0
"""After which a run that never had a job is told of; nothing is to be expected of it yet."""
STILL_SECONDS = 30.0
"""Without a hash, from where on the rate of before is what is to be expected."""
_PACE_SECONDS = 60.0


class NoAcceptedShare:
    """No share was accepted although ten were to be expected, by what was hashed meanwhile.

    While nothing is hashed, for want of a job or because a device hangs, the rate of before
    counts on. A pause adds nothing. It is over with the next accepted share.
    """

    def __init__(self) -> None:
        self._expected = self._waited = self._still = 0.0
        self._worked = self._pace = 0.0
        """Hashes per second that may be counted on."""
        self._difficulty: float | None = None
        self._standing: tuple[Finding, ...] = ()
        self._fates = 0

    def look(self, step: Step) -> Sequence[Finding]:
        """Count on what was to be expected, and judge."""
        shot = step.shot
        if shot.accepted > step.before.accepted:
            self._begin_anew(shot)
        elif not _is_at_rest(shot):
            self._waited += step.seconds
            self._expected += self._shares_to_expect(step)
            self._standing = self._standing or self._judge(shot)
        self._difficulty = shot.job_difficulty or self._difficulty
        return self._standing

    def _begin_anew(self, shot: Snapshot) -> None:
        self._expected = self._waited = 0.0
        self._standing = ()
        self._fates = shot.rejected + shot.stale

    def _shares_to_expect(self, step: Step) -> float:
        difficulty = step.before.job_difficulty or self._difficulty
        hashes = self._hashes_to_expect(step)
        return hashes / (difficulty * DIFFICULTY_1_HASHES) if difficulty else 0.0

    def _hashes_to_expect(self, step: Step) -> float:
        done = max(step.shot.hashes - step.before.hashes, 0)
        self._still = 0.0 if done else self._still + step.seconds
        # A board's hashes are known by its nonces alone: if none come, none are counted.
        promised = _promised(step.shot) * step.seconds
        if self._still > STILL_SECONDS:
            return max(promised, self._pace * step.seconds)
        if done and step.seconds:
            self._worked = min(self._worked + step.seconds, _PACE_SECONDS)
            weight = min(step.seconds / self._worked, 1.0)
            self._pace += weight * (done / step.seconds - self._pace)
        return max(done, promised)

    def _judge(self, shot: Snapshot) -> tuple[Finding, ...]:
        name = shot.source.url or shot.source.name
        if not shot.jobs and self._waited >= NO_JOB_SECONDS:
            text = f"no job since the start, {duration(self._waited)} ago"
            return (Finding(AlertKind.NO_ACCEPTED_SHARE, name, text),)
        if self._expected < INTERVALS or self._waited < AT_LEAST_SECONDS:
            return ()
        fates = shot.rejected + shot.stale - self._fates
        text = (
            f"no accepted share for {duration(self._waited)} of mining, where "
            f"{self._expected:.0f} were to be expected: {chance.one_in(self._expected)} by chance"
        )
        more = f"; {plural(fates, 'share')} rejected or stale meanwhile" if fates else ""
        return (Finding(AlertKind.NO_ACCEPTED_SHARE, name, text + more),)


def _is_at_rest(shot: Snapshot) -> bool:
    """Tell whether the run is to rest, or each of its devices."""
    working = [device for device in shot.devices if device.enabled and not device.held]
    return rests(shot) or (bool(shot.devices) and not working)


def _promised(shot: Snapshot) -> float:
    """Return the hashes per second that working boards are built for."""
    return sum(
        device.board.expected
        for device in shot.devices
        if device.board and device.alive and device.enabled and not device.held
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a pool had judged at a time."""

    at: float
    judged: int
    refused: int


class RejectedShares:
    """More of a pool's answers are rejections (stale shares too) than the limit, surely.

    Judged over the last half hour, or the last hundred answers if that is longer. It is over when
    no more than the limit are.
    """

    WINDOW_SECONDS = 1800.0
    WINDOW_ANSWERS = 100
    EVERY_SECONDS = 10.0

    def __init__(self, limit: float) -> None:
        """Take the limit as a part of all, 0 to 1."""
        self._limit = limit
        self._marks: dict[str, deque[_Mark]] = {}
        self._standing: dict[str, Finding] = {}

    def look(self, step: Step) -> Sequence[Finding]:
        """Count, and judge each pool that has answered since the last look."""
        for label, pool in zip(pool_labels(step.shot), step.shot.pools, strict=True):
            marks = self._marks.setdefault(label, deque([_Mark(step.before.seconds, 0, 0)]))
            now = _mark(pool.shares, step.shot.seconds)
            if now.judged != marks[-1].judged:
                self._judge(label, self._oldest(marks, now), now, pool.shares)
                if now.at - marks[-1].at >= self.EVERY_SECONDS:
                    marks.append(now)
        return list(self._standing.values())

    def _oldest(self, marks: deque[_Mark], now: _Mark) -> _Mark:
        """Return where the window begins, having let go of what lies before."""
        while len(marks) > 1 and self._is_enough(marks[1], now):
            marks.popleft()
        return marks[0]

    def _is_enough(self, since: _Mark, now: _Mark) -> bool:
        long, many = now.at - since.at, now.judged - since.judged
        return long >= self.WINDOW_SECONDS and many >= self.WINDOW_ANSWERS

    def _judge(self, label: str, since: _Mark, now: _Mark, shares: Shares) -> None:
        judged, refused = now.judged - since.judged, now.refused - since.refused
        if refused <= self._limit * judged:
            self._standing.pop(label, None)
        elif (
            label not in self._standing
            and chance.oftener(refused, judged, self._limit) >= chance.CERTAIN
        ):
            surely = chance.at_least(refused, judged)
            reasons = "".join(f", {count} {reason}" for reason, count in shares.reject_reasons)
            text = (
                f"{refused} of {plural(judged, 'share')} in {duration(now.at - since.at)} rejected "
                f"or stale: surely more than {surely:.1%}, the limit is {self._limit:.1%} "
                f"(in this run {shares.stale} stale{reasons})"
            )
            self._standing[label] = Finding(AlertKind.REJECTED_SHARES, label, text)


def _mark(shares: Shares, at: float) -> _Mark:
    refused = shares.rejected + shares.stale
    return _Mark(at, shares.accepted + refused, refused)
