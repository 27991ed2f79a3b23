import math
from dataclasses import fields
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.job import RejectReason, Share, ShareResult, Verdict
from stampmill.core.stats import (
    LATENCY_BOUNDS,
    RATE_WINDOWS,
    LatencyLog,
    PoolTally,
    RateMeter,
    Stats,
)

from .fakes import Sink, first_nonce, make_job, make_work


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


def test_what_is_forgotten_no_longer_ranks() -> None:
    kept = log(9.0, *[1.0] * 8192)
    assert kept.percentile(100) == 1.0
    assert kept.total == 8201.0


@given(st.lists(st.floats(0, 20)))
def test_each_latency_is_in_one_bucket(latencies: list[float]) -> None:
    kept = log(*latencies)
    for index, bound in enumerate(LATENCY_BOUNDS):
        assert sum(kept.buckets[: index + 1]) == sum(value <= bound for value in latencies)
    assert sum(kept.buckets) == len(latencies)


# Tallies


def a_share(difficulty: float = 2.0, *, solves_block: bool = False) -> Share:
    nonce = first_nonce(make_work(make_job(difficulty=0.5)))
    return Share(nonce, bytes(32), difficulty, solves_block)


def test_a_tally_parts_shares_by_fate_and_reason() -> None:
    tally = PoolTally()
    tally.add(a_share(3.0, solves_block=True), ShareResult(Verdict.ACCEPTED, latency=0.25), 10.0)
    tally.add(a_share(9.0), ShareResult(Verdict.REJECTED, RejectReason.DUPLICATE), 11.0)
    tally.add(a_share(), ShareResult(Verdict.REJECTED, RejectReason.STALE), 12.0)
    tally.add(a_share(), ShareResult(Verdict.LOST), 13.0)
    assert tally.counts == {
        Verdict.ACCEPTED: 1, Verdict.REJECTED: 1, Verdict.STALE: 1, Verdict.LOST: 1,
    }  # fmt: skip
    assert tally.difficulties == dict.fromkeys(tally.counts, 0.5)
    assert tally.reasons == {RejectReason.DUPLICATE: 1}
    assert (tally.best_difficulty, tally.last_difficulty, tally.last_accepted_at) == (9.0, 3.0, 10)
    assert (tally.blocks, tally.answers.count) == (1, 1)


def test_each_pool_and_each_device_has_its_tally() -> None:
    stats, one, other = Stats(), Sink(), Sink()
    assert stats.pool(one) is stats.pool(one) is not stats.pool(other)
    assert stats.device("a") is stats.device("a") is not stats.device("b")


def test_a_run_begins_with_nothing_counted() -> None:
    stats = Stats()
    values = [getattr(stats, field.name) for field in fields(stats)]
    assert not any(value.count if isinstance(value, LatencyLog) else value for value in values)
