"""Pauses between attempts: doubling, bounded, never the same for two miners."""

from collections.abc import Callable

from stampmill.core.settings import RetryPolicy

REFUSED_PAUSE = 120.0
"""A refused user stays refused for a while; ckpool itself backs off up to ten minutes."""
REFUSED_CEILING = 600.0


class Backoff:
    """Counts failures in a row and says how long to wait after each.

    `random` returns a float in [0, 1): thousands of miners come back when a pool restarts.
    """

    def __init__(self, policy: RetryPolicy, random: Callable[[], float]) -> None:
        self.failures = 0
        self._policy = policy
        self._random = random

    @property
    def exhausted(self) -> bool:
        """Whether the policy says to give up."""
        retries = self._policy.retries
        return retries is not None and self.failures >= max(1, retries)

    def reset(self) -> None:
        """Forget the failures: the pool has proved that it works."""
        self.failures = 0

    def failed(self) -> None:
        """Count a failure."""
        self.failures += 1

    def pause(self, *, refused: bool = False) -> float:
        """Return the seconds to wait now; longer where the pool refused the user."""
        if refused:
            return self._jittered(REFUSED_PAUSE, REFUSED_CEILING)
        return self._jittered(self._policy.pause, self._policy.ceiling)

    def _jittered(self, first: float, ceiling: float) -> float:
        doublings = min(max(0, self.failures - 1), 30)
        return min(first * (1 << doublings), ceiling / 2) * (1 + self._random())
