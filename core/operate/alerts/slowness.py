"""Is it slower than it should be? Rates known by rare events are judged apart from the others."""

import math
from collections import deque

from stampmill.core.operate.alerts import chance
from stampmill.core.operate.words import hashrate

SILENT_SECONDS = 120.0
"""Without a hash, where there is work."""


class CountedRate:
    """A board's: its hashes are known by its nonces, which come by chance (Poisson).

    Slow is what brings fewer nonces than the limit's part of those expected, and chance does not
    (evidence CERTAIN). It is over once it surely brings more (evidence LIKELY). Judged over the
    last ten minutes, or the last thousand expected nonces if that is longer, six hours at most.
    """

    WINDOW_SECONDS = 600.0
    WINDOW_NONCES = 1000.0
    LONGEST_SECONDS = 21_600.0
    BIN_SECONDS = 10.0

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._bins: deque[tuple[float, float, int]] = deque()
        self._seconds = self._expected = 0.0
        self._nonces = 0
        self._bin = (0.0, 0.0, 0)
        self.slow = False

    def add(self, seconds: float, expected: float, nonces: int) -> None:
        """Take what came in a time in which so many nonces were to be expected."""
        known = self._bin
        self._bin = known[0] + seconds, known[1] + expected, known[2] + nonces
        if self._bin[0] >= self.BIN_SECONDS:
            self._close_bin()

    def text(self, promise: float) -> str:
        """Return the finding, of a board that promises this rate."""
        part = self._nonces / self._expected
        evidence = chance.fewer(self._nonces, self._limit * self._expected)
        return (
            f"{part:.0%} of {hashrate(promise)}: {self._nonces} nonces where "
            f"{self._expected:.0f} were to be expected; at {self._limit:.0%} of its rate chance "
            f"brings so few {chance.one_in(evidence)} times at most"
        )

    def _close_bin(self) -> None:
        self._bins.append(self._bin)
        self._count(self._bin, 1)
        self._bin = (0.0, 0.0, 0)
        while self._is_more_than_enough():
            self._count(self._bins.popleft(), -1)
        self._judge()

    def _count(self, one: tuple[float, float, int], sign: int) -> None:
        self._seconds += sign * one[0]
        self._expected += sign * one[1]
        self._nonces += sign * one[2]

    def _is_more_than_enough(self) -> bool:
        seconds, expected, _ = self._bins[0]
        long = self._seconds - seconds >= self.WINDOW_SECONDS
        many = self._expected - expected >= self.WINDOW_NONCES
        return (long and many) or self._seconds - seconds >= self.LONGEST_SECONDS

    def _judge(self) -> None:
        bar = self._limit * self._expected
        if not self.slow and chance.fewer(self._nonces, bar) >= chance.CERTAIN:
            self.slow = True
        elif self.slow and chance.more(self._nonces, bar) >= chance.LIKELY:
            self.slow = False


class SteadyRate:
    """A thread's or a card's: hashes are counted as they are done, so the rate itself is known.

    There is no number on the box to hold it against. It is held against itself: slow is what has
    its latest ten minutes among the lowest of the last seventy as chance puts them once in a
    million times, so once in two years (a test of ranks: no guess at how rates are spread), and
    each of them below the limit's part of the middle of those before. Over is when two minutes in
    a row come back to near the middle.
    """

    MINUTE = 60.0
    LATEST = 10
    KEPT = 70
    SURE = math.log(1e6)
    NEAR = 0.5
    """How much of the gap between limit and middle has to be made good."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._rates: deque[float] = deque(maxlen=self.KEPT)
        self._seconds = 0.0
        self._hashes = 0
        self._middle = self._evidence = self._last = 0.0
        self.slow = False

    def add(self, seconds: float, hashes: int) -> None:
        """Take what was done in a time in which it was all meant to work."""
        self._seconds += seconds
        self._hashes += hashes
        if self._seconds >= self.MINUTE:
            self._take(self._hashes / self._seconds)
            self.break_off()

    def break_off(self) -> None:
        """Begin the minute anew: it was not all work."""
        self._seconds, self._hashes = 0.0, 0

    def text(self) -> str:
        """Return the finding."""
        latest = list(self._rates)[-self.LATEST :]
        return (
            f"{hashrate(max(latest))} at the most in the last {self.LATEST} minutes, "
            f"{hashrate(self._middle)} in those before: {chance.one_in(self._evidence)} by chance"
        )

    def _take(self, rate: float) -> None:
        if not self.slow:
            self._rates.append(rate)
            self.slow = self._fell()
            return
        enough = self._middle * (self._limit + self.NEAR * (1 - self._limit))
        if min(rate, self._last) >= enough:
            self.slow = False
            for _ in range(self.LATEST):  # what comes is held against the good ones
                self._rates.pop()
        self._last = rate

    def _fell(self) -> bool:
        latest = list(self._rates)[-self.LATEST :]
        before = list(self._rates)[: -self.LATEST]
        if not before:
            return False
        self._middle = sorted(before)[len(before) // 2]
        below = sum(rate <= max(latest) for rate in self._rates)
        self._evidence = chance.ranked_low(below, len(self._rates), self.LATEST)
        self._last = max(latest)
        return self._evidence >= self.SURE and max(latest) < self._limit * self._middle
