"""Counters of joules that begin again at nothing, and what was used between two looks at them."""

from collections.abc import Mapping

Readings = Mapping[str, tuple[float, float]]
"""By counter: joules, and the number of them at which it begins again at 0; 0 for never."""


def between(before: Readings, after: Readings) -> float | None:
    """Return the joules used meanwhile by everything that both have, or None of nothing."""
    common = [name for name in before if name in after]
    if not common:
        return None
    return sum(_used(before[name], after[name]) for name in common)


def _used(before: tuple[float, float], after: tuple[float, float]) -> float:
    # A counter begins again at most once: that takes minutes at the highest power. One that never
    # should, and stands lower, was set to 0 by its driver: what it shows was used since.
    used = after[0] - before[0]
    if used >= 0:
        return used
    return used + after[1] if after[1] > 0 else after[0]
