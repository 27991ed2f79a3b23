import math
from dataclasses import fields
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.stats import RATE_WINDOWS, LatencyLog, RateMeter, Stats


def sampled(*samples: tuple[float, int], started: float = 0.0) -> RateMeter:
    meter = RateMeter(started)
    for now, total in samples:
        meter.sample(now, total)
    return meter


def log(*latencies: float) -> LatencyLog:
    kept = LatencyLog()
    for seconds in latencies:
        kept.add(seconds)
    return kept


# Rates


def test_there_is_no_rate_before_the_first_sample() -> None:
    assert RateMeter(5.0).rate(60.0) == 0.0


def test_two_samples_at_one_moment_make_no_rate() -> None:
    assert sampled((0.0, 100), (0.0, 200)).rate(5.0) == 0.0


@given(st.integers(1, 10**6), st.integers(1, 2000), st.sampled_from(RATE_WINDOWS))
def test_a_steady_rate_is_seen_in_every_window(rate: int, seconds: int, window: float) -> None:
    meter = sampled(*((float(now), rate * now) for now in range(1, seconds + 1)))
    assert meter.rate(window) == rate


def test_a_window_looks_only_so_far_back() -> None:
    meter = sampled((10.0, 1000), (15.0, 1000), (20.0, 1500))
    assert [meter.rate(5.0), meter.rate(10.0), meter.rate(20.0)] == [100.0, 50.0, 75.0]


def test_a_window_longer_than_the_run_covers_the_run() -> None:
    assert sampled((102.0, 400), started=100.0).rate(900.0) == 200.0


def test_a_window_between_two_samples_begins_at_the_earlier() -> None:
    assert sampled((2.0, 0), (9.0, 700)).rate(5.0) == 100.0


def test_a_stop_is_seen_first_in_the_short_window() -> None:
    meter = sampled(*((float(now), 10 * now) for now in range(1, 61)))
    for now in range(61, 67):
        meter.sample(float(now), 600)
    assert meter.rate(5.0) == 0.0
    assert meter.rate(60.0) == pytest.approx(9.0)


def test_samples_older_than_the_longest_window_are_forgotten() -> None:
    meter = sampled(*((float(now), now) for now in range(1, 5000)))
    assert len(meter._times) == len(meter._totals) <= RATE_WINDOWS[-1] + 2
    assert meter.rate(RATE_WINDOWS[-1]) == 1.0


# Latencies


def test_an_empty_log_has_no_percentile() -> None:
    assert LatencyLog().percentile(50) is None


def test_percentiles_of_a_thousand_latencies() -> None:
    kept = log(*range(1000, 0, -1))
    assert [kept.percentile(p) for p in (0, 1, 50, 99, 100)] == [1, 10, 500, 990, 1000]


@given(st.lists(st.floats(0, 10), min_size=1), st.sampled_from([1, 25, 50, 75, 99, 100]))
def test_a_percentile_is_the_smallest_latency_that_covers_so_many(
    latencies: list[float], percent: int
) -> None:
    found = log(*latencies).percentile(percent)
    needed = math.ceil(Fraction(percent * len(latencies), 100))
    assert found is not None
    assert sum(value <= found for value in latencies) >= needed
    assert sum(value < found for value in latencies) < needed


def test_the_latest_thousands_are_kept_and_all_are_counted() -> None:
    kept = log(*range(10_000))
    assert kept.count == 10_000
    assert len(kept.values) == 8192
    assert kept.percentile(0) == 10_000 - 8192


def test_a_run_begins_with_nothing_counted() -> None:
    stats = Stats()
    values = [getattr(stats, field.name) for field in fields(stats)]
    assert not any(value.count if isinstance(value, LatencyLog) else value for value in values)
