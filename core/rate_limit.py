"""A bound on how often a peer may make something happen."""


class RateLimit:
    """Allows `burst` times at once and, in the long run, `burst` times in `seconds`."""

    __slots__ = ("_at", "_burst", "_left", "_seconds")

    def __init__(self, burst: int, seconds: float) -> None:
        self._burst = burst
        self._seconds = seconds
        self._left = float(burst)
        self._at: float | None = None

    def allow(self, now: float) -> bool:
        """Tell whether it may happen now, and count it if so."""
        if self._at is not None:
            regained = (now - self._at) * self._burst / self._seconds
            self._left = min(self._burst, self._left + regained)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
