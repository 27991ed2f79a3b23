"""What the rates were, as far back as a bounded memory reaches: the older, the coarser."""

import math
from array import array
from collections import deque
from typing import Any

from stampmill.core.operate.labels import device_labels
from stampmill.core.snapshot import Snapshot

TIERS = ((1.0, 300), (10.0, 360), (120.0, 720))
"""Seconds to a point and how many points: 5 minutes, 1 hour, 1 day."""
MAX_DEVICES = 32
"""So many devices have a curve of their own; the total holds all of them."""

_MISSING = math.nan
"""A device that was not there yet; JSON has null for it."""


class History:
    """Rates of a run over time, in hashes per second, sampled from its snapshots.

    Moments are seconds since the run began, which no change of the clock turns back.
    """

    def __init__(self, tiers: tuple[tuple[float, int], ...] = TIERS) -> None:
        self._tiers = [_Tier(step, size) for step, size in tiers]
        self._names: list[str] = []
        self._devices = 0

    def add(self, shot: Snapshot) -> None:
        """Take a sample; before devices are open there is none, nor has the run begun."""
        if not shot.devices:
            return
        rates = dict(zip(device_labels(shot), shot.devices, strict=True))
        self._devices = len(rates)
        for name in rates:
            if len(self._names) < MAX_DEVICES and name not in self._names:
                self._names.append(name)
        each = (rates[n].rates.seconds_5 if n in rates else _MISSING for n in self._names)
        sample = array("d", (shot.seconds, *map(_whole, (shot.rates.seconds_5, *each))))
        for tier in self._tiers:
            tier.add(sample)

    def to_json(self) -> dict[str, Any]:
        """Return rows, oldest first: seconds, the total, and a rate for each of `devices`.

        Rows of a time before a device came end early; what is no number is for JSON to make null.
        """
        return {
            "devices": self._names,
            "others": max(self._devices - len(self._names), 0),
            "rows": [row.tolist() for row in self._rows()],
        }

    def _rows(self) -> list["array[float]"]:
        """Return the points of each tier that no finer one covers."""
        rows: list[array[float]] = []
        for tier in self._tiers:
            before = rows[0][0] if rows else math.inf
            rows = [row for row in tier.points() if row[0] < before] + rows
        return rows


class _Tier:
    """Points at one distance, each the mean of the samples that fell into it."""

    def __init__(self, step: float, size: int) -> None:
        self._step = step
        self._points: deque[array[float]] = deque(maxlen=size)
        self._samples: list[array[float]] = []

    def add(self, sample: "array[float]") -> None:
        if self._samples and self._samples[0][0] // self._step != sample[0] // self._step:
            self._points.append(_mean(self._samples))
            self._samples.clear()
        self._samples.append(sample)

    def points(self) -> list["array[float]"]:
        """Return all, with what there is of the latest."""
        return [*self._points, _mean(self._samples)] if self._samples else []


def _mean(samples: list["array[float]"]) -> "array[float]":
    """Return the mean of each column over the samples that have it; the moment is the last."""
    if len(samples) == 1:
        return samples[0]
    columns = ([s[place] for s in samples if place < len(s)] for place in range(len(samples[-1])))
    mean = array("d", map(_mean_of, columns))
    mean[0] = samples[-1][0]
    return mean


def _mean_of(values: list[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return _whole(sum(known) / len(known)) if known else _MISSING


def _whole(rate: float) -> float:
    return float(round(rate)) if math.isfinite(rate) else _MISSING
