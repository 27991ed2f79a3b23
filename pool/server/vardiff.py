"""The difficulty of one connection, moved to hold its rate of shares.

Nothing is known of a new miner: 100 kH/s and 1 GH/s get the same first job. So the first phase
(not settled) takes few shares and big steps; once a measurement confirms the difficulty, the
second takes many shares, small steps, and leaves a wide band alone.
"""

from dataclasses import dataclass

MAX_STEP = 16.0
"""A measurement of a few shares may be a stutter of the line, so no step is larger."""

HIGHEST = 2.0**40
"""A share a second at 5 ZH/s: more than the whole network has."""

QUIET_STEP = 4.0
FIRST_QUIET = 2.0
"""Seconds without a first share at which the difficulty is lowered."""

# While unsettled: shares that suffice for a big step, and for a verdict.
FEW_SHARES = 5
SOME_SHARES = 10
BIG_STEP = 4.0
SILENT_INTERVALS = 3
SLOW_INTERVALS = 8

# Once settled: a look after so many shares or intervals; within the band nothing is changed.
# Of 30 shares at the right rate one look in fifty falls outside by chance.
MANY_SHARES = 30
MANY_INTERVALS = 60
BAND = (0.6, 1.6)

RUNAWAY_SHARES = 12
"""So many in a quarter of their time, and the miner is not what it was: unsettled again."""
RUNAWAY_RATIO = 4.0
QUIET_INTERVALS = 10
"""Silence of so many intervals happens by chance once in 22,000 shares (e**10)."""

CALM_AFTER = 0.5
"""Intervals without a change of the difficulty."""


@dataclass(frozen=True, slots=True)
class VardiffRules:
    """What a server wants of every connection: seconds between two shares, and bounds."""

    share_interval: float
    start: float
    lowest: float
    fixed: bool = False


class Vardiff:
    """Counts shares and says when the difficulty changes; times are monotonic seconds.

    Only shares of jobs sent under the current difficulty may be counted: `generation` tells.
    """

    def __init__(self, rules: VardiffRules, now: float) -> None:
        self._rules = rules
        self._floor = rules.lowest
        self._highest = HIGHEST
        self._spoken = False
        self._settled = False
        self._since = self._latest = self._changed_at = now
        self._shares = 0
        self.difficulty = rules.start
        self.generation = 0

    @property
    def settled(self) -> bool:
        """Whether a measurement has confirmed the difficulty."""
        return self._settled

    def begin(self, now: float) -> None:
        """Start to measure: the first job goes out."""
        self._changed_at = now
        self._restart(now, settled=False)

    def calm(self, now: float) -> bool:
        """Tell whether the flood of shares before a rise of the difficulty is over."""
        pause = CALM_AFTER * self._rules.share_interval
        return self._rules.fixed or now - self._changed_at >= pause

    def share(self, now: float) -> bool:
        """Count a share; return whether the difficulty changed."""
        if not self._spoken:
            # How long a miner takes to start says nothing of its rate, so its first share starts
            # the clock instead of being measured.
            self._spoken = True
            self._restart(now, settled=False)
            return False
        self._shares += 1
        self._latest = now
        ratio = self._ratio(now)
        return self._look_settled(ratio, now) if self._settled else self._look_early(ratio, now)

    def tick(self, now: float) -> bool:
        """Look at the clock; return whether the difficulty changed."""
        interval = self._rules.share_interval
        if not self._spoken:
            silent = now - self._since >= FIRST_QUIET
            return silent and self._change(1 / QUIET_STEP, now, settled=False)
        if now - self._latest >= QUIET_INTERVALS * interval:
            return self._change(1 / QUIET_STEP, now, settled=False)
        elapsed = now - self._since
        if elapsed < self._patience() * interval:
            return False
        # One share more than seen: the next may come at once.
        ratio = (self._shares + 1) * interval / elapsed
        if ratio >= BAND[0]:
            return False
        return self._change(max(ratio, 1 / QUIET_STEP), now, settled=False)

    def suggest(self, difficulty: float, now: float) -> bool:
        """Take the miner's own idea of its difficulty and measure from there."""
        return self._set(difficulty, now, settled=False)

    def demand(self, floor: float, now: float) -> bool:
        """Never go below what the miner can take (BIP310 minimum-difficulty)."""
        self._floor = min(max(floor, self._rules.lowest), self._highest)
        return self._set(self.difficulty, now, settled=self._settled)

    def limit(self, highest: float, now: float) -> None:
        """Never go above this from now on."""
        self._highest = highest
        if self.difficulty > highest:
            self._set(highest, now, settled=self._settled)

    def _look_early(self, ratio: float, now: float) -> bool:
        if self._shares >= FEW_SHARES and ratio >= BIG_STEP:
            return self._change(ratio, now, settled=False)
        if self._shares < SOME_SHARES:
            return False
        if 0.5 <= ratio <= 2.0:
            self._restart(now, settled=True)
            return False
        return self._change(ratio, now, settled=False)

    def _look_settled(self, ratio: float, now: float) -> bool:
        if self._shares >= RUNAWAY_SHARES and ratio >= RUNAWAY_RATIO:
            return self._change(ratio, now, settled=False)
        if self._shares < MANY_SHARES:
            return False
        if BAND[0] <= ratio <= BAND[1]:
            self._restart(now, settled=True)
            return False
        return self._change(ratio, now, settled=True)

    def _patience(self) -> int:
        """Return the intervals after which slowness is believed."""
        if self._settled:
            return MANY_INTERVALS
        return SILENT_INTERVALS if self._shares == 0 else SLOW_INTERVALS

    def _ratio(self, now: float) -> float:
        """Return how much faster shares come than wanted."""
        elapsed = now - self._since
        wanted = self._shares * self._rules.share_interval
        return wanted / elapsed if elapsed > 0 else MAX_STEP

    def _change(self, factor: float, now: float, *, settled: bool) -> bool:
        factor = min(max(factor, 1 / MAX_STEP), MAX_STEP)
        return self._set(rounded(self.difficulty * factor), now, settled=settled)

    def _set(self, difficulty: float, now: float, *, settled: bool) -> bool:
        before = self.difficulty
        if not self._rules.fixed:
            self.difficulty = min(max(difficulty, self._floor), self._highest)
        self._restart(now, settled=settled)
        changed = self.difficulty != before
        if changed:
            self._changed_at = now
            self.generation += 1
        return changed

    def _restart(self, now: float, *, settled: bool) -> None:
        self._settled = settled
        self._since = self._latest = now
        self._shares = 0


def rounded(difficulty: float) -> float:
    """Return a difficulty that is short to write: whole above 1, else three digits."""
    # Old hardware takes whole numbers only; below 1 there is none.
    return float(round(difficulty)) if difficulty >= 1 else float(f"{difficulty:.3g}")
