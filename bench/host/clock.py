"""How long a cycle takes, where nothing counts cycles: by a chain of additions, a cycle each."""

import time

from stampmill.core import native

_ADDITIONS = 64 * 2_000  # some 40 microseconds: seldom interrupted, and the call itself is nothing
_TRIES = 5


def cycle_seconds(tries: int = _TRIES) -> float | None:
    """Return the length of the CPU's cycle at this moment, or None without the C extension.

    It changes with load and temperature, so it is to be taken right beside what it measures.
    """
    return min(_timed() for _ in range(tries)) / _ADDITIONS if native.available() else None


def _timed() -> float:
    start = time.perf_counter()
    native.chain(_ADDITIONS)
    return time.perf_counter() - start
