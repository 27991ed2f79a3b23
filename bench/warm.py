"""Warm-up: until the rate is flat."""

from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 3
"""So many scans in a row have to agree."""
SPREAD = 0.03
"""By how much they may differ and still agree."""
MOST = 12
"""Scans after which a machine is called restless, and measured as it is."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """How many scans it took, and whether the rate was flat in the end."""

    scans: int
    flat: bool


def up(scan: Callable[[], float], most: int = MOST) -> Warmth:
    """Scan, by a function that returns the seconds taken, until these no longer change."""
    times: list[float] = []
    while len(times) < most:
        times.append(scan())
        if _is_flat(times[-WINDOW:]):
            return Warmth(len(times), flat=True)
    return Warmth(len(times), flat=False)


def _is_flat(times: list[float]) -> bool:
    return len(times) == WINDOW and max(times) <= min(times) * (1 + SPREAD)
