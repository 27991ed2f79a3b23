"""Families of metrics, each with our prefix and without what is not finite."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client.core import Metric

from stampmill.core.snapshot import Latency
from stampmill.core.stats import LATENCY_BOUNDS

Samples = Iterable[tuple[tuple[str, ...], float]]
"""Values by their labels."""
Line = tuple[str, tuple[str, ...], tuple[str, ...], float]
"""A sample: name, names of its labels, their values, its own."""

_BOUNDS = (*(f"{bound:g}" for bound in LATENCY_BOUNDS), "+Inf")


@dataclass(frozen=True, slots=True)
class Family:
    """A metric's samples; `kind` is gauge, counter or histogram."""

    kind: str
    name: str
    text: str
    lines: list[Line]

    def metric(self) -> Metric:
        """Return the same as prometheus-client has it, which takes three times as long."""
        metric = Metric(self.name, self.text, self.kind)
        for name, labels, values, value in self.lines:
            metric.add_sample(name, dict(zip(labels, values, strict=True)), value)
        return metric


def gauge(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Family:
    """Return a value that goes up and down, by labels."""
    name = f"stampmill_{name}"
    return Family("gauge", name, text, _finite(name, labels, samples))


def counter(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Family:
    """Return a value that only grows, by labels; its name gets _total."""
    name = f"stampmill_{name}"
    return Family("counter", name, text, _finite(f"{name}_total", labels, samples))


def histogram(
    name: str,
    text: str,
    labels: tuple[str, ...],
    samples: Iterable[tuple[tuple[str, ...], Latency]],
) -> Family:
    """Return latencies by labels."""
    name = f"stampmill_{name}"
    lines = [line for values, each in samples for line in _latency(name, labels, values, each)]
    return Family("histogram", name, text, lines)


def _finite(name: str, labels: tuple[str, ...], samples: Samples) -> list[Line]:
    return [
        (name, labels, values, float(value)) for values, value in samples if math.isfinite(value)
    ]


def _latency(
    name: str, labels: tuple[str, ...], values: tuple[str, ...], latency: Latency
) -> Iterator[Line]:
    count, below, bucket = 0, (*labels, "le"), f"{name}_bucket"
    counts = accumulate(latency.buckets or [0] * len(_BOUNDS))
    for bound, count in zip(_BOUNDS, counts, strict=True):
        yield bucket, below, (*values, bound), float(count)
    yield f"{name}_count", labels, values, float(count)
    yield f"{name}_sum", labels, values, latency.total
