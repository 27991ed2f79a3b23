"""Is a core its thread's alone? A virtual machine shows nothing of the thread beside it.

Additions that do not wait for each other take all that a core's front end and adders give to a
thread; a chain of them takes a cycle each, whoever is beside it. So the rate of the former in
cycles of the latter tells: with another thread at work, about half to two thirds is left.
"""

import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from stampmill.bench.host import clock
from stampmill.bench.host.limits import Core
from stampmill.bench.summary import percentile
from stampmill.core import native

ALONE = 0.85
"""From this part of its full rate on, a core is one thread's alone.

Golden Cove, with five adders: 4.6 a cycle alone (0.92), 2 to 4 beside another thread.
"""

_ADDITIONS = 128 * 1_000  # some 10 microseconds
_TRIES = 2
_BESIDE = 3
"""So many probes before one and after it say with it how long a cycle was."""
_FULL = 95
"""Percent of probes that the full rate of a core exceeds whose adders nobody counted."""


class Probe(NamedTuple):
    """How long a cycle takes, and one of many independent additions."""

    cycle_seconds: float
    addition_seconds: float

    @property
    def additions(self) -> float:
        """How many of them there are in a cycle."""
        return self.cycle_seconds / self.addition_seconds


def probe() -> Probe | None:
    """Ask the core that this thread is on, in about 0.15 ms; None without the C extension."""
    cycle = clock.cycle_seconds(_TRIES)
    if cycle is None:
        return None
    return Probe(cycle, min(_timed() for _ in range(_TRIES)) / _ADDITIONS)


def steadied(probes: Sequence[Probe]) -> list[Probe]:
    """Return them with the middle one of each one's and its neighbours' cycles.

    A neighbour on the core can hold up a chain by a fifth. Whatever was measured beside a cycle
    that seems so long would take fewer of them than it did, on a core that seems free.
    """
    cycles = [probe.cycle_seconds for probe in probes]
    windows = [cycles[max(i - _BESIDE, 0) : i + _BESIDE + 1] for i in range(len(cycles))]
    return [
        Probe(median(window), probe.addition_seconds)
        for window, probe in zip(windows, probes, strict=True)
    ]


def least_alone(additions: Sequence[float], core: Core | None) -> float:
    """Return from how many additions a cycle on a core is not shared.

    Of a core that is not known, what the best of these probes found is the full rate: then one
    that was shared all the time goes unnoticed.
    """
    return ALONE * (core.adders if core else percentile(additions, _FULL))


def _timed() -> float:
    start = time.perf_counter()
    native.fill(_ADDITIONS)
    return time.perf_counter() - start
