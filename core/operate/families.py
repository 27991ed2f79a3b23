"""Families of metrics, each with our prefix and without what is not finite."""

import math
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Samples = Iterable[tuple[tuple[str, ...], float]]
"""Values by their labels."""


def gauge(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    """Return a value that goes up and down, by labels."""
    return _filled(GaugeMetricFamily(f"stampmill_{name}", text, labels=labels), samples)


def counter(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    """Return a value that only grows, by labels; its name gets _total."""
    return _filled(CounterMetricFamily(f"stampmill_{name}", text, labels=labels), samples)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, samples: Samples
) -> GaugeMetricFamily | CounterMetricFamily:
    for labels, value in samples:
        if math.isfinite(value):
            family.add_metric(labels, float(value))
    return family
