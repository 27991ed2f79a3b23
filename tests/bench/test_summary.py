import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_benchmark.stats import Stats

from stampmill.bench.summary import Ratio, Summary, outliers, percentile

times = st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=40)


def test_a_known_row():
    summary = Summary.of([1.0, 2.0, 4.0, 8.0, 100.0])
    assert (summary.min, summary.median, summary.max) == (1.0, 4.0, 100.0)
    assert summary.mean == 23.0
    assert summary.mad == 3.0  # of 3, 2, 0, 4, 96
    assert (summary.q1, summary.q3, summary.iqr) == (2.0, 8.0, 6.0)


def test_one_number_has_no_spread():
    summary = Summary.of([0.25])
    assert (summary.stddev, summary.mad, summary.iqr, summary.rounds) == (0.0, 0.0, 0.0, 1)


@given(times)
def test_agrees_with_pytest_benchmark_where_both_have_a_word(data):
    theirs = Stats()
    for value in data:
        theirs.update(value)
    ours = Summary.of(data)
    for name in ("min", "max", "mean", "stddev", "median", "rounds"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9, abs=1e-12)


@given(times)
def test_the_parts_are_in_order(data):
    summary = Summary.of(data)
    assert summary.min <= summary.q1 <= summary.median <= summary.q3 <= summary.max
    assert 0 <= summary.mad <= summary.max - summary.min


def test_outliers_are_counted_by_both_rules():
    assert outliers([10.0] * 20 + [11.0, 1000.0]) == (1, 2)
    assert outliers([1.0, 2.0, 3.0]) == (0, 0)


def test_percentile_is_the_nearest_rank():
    data = [float(value) for value in range(1, 301)]
    assert percentile(data, 99) == 297.0  # 1 % of 300 lie above
    assert percentile(data, 50) == 150.0
    assert percentile(data, 100) == 300.0
    assert percentile([7.0], 1) == 7.0


def test_a_ratio_is_taken_pair_by_pair():
    slow_rounds = [1.0, 5.0, 1.0, 9.0, 1.0]
    twice = [2 * value for value in slow_rounds]
    ratio = Ratio.of(twice, slow_rounds)
    assert (ratio.median, ratio.low, ratio.high) == (2.0, 2.0, 2.0)


def test_a_ratio_of_uneven_rows_is_an_error():
    with pytest.raises(ValueError, match="shorter"):
        Ratio.of([1.0, 2.0, 3.0], [1.0])


@settings(max_examples=20)  # each takes thousands of resamples
@given(st.lists(st.floats(0.5, 2.0), min_size=1, max_size=15))
def test_the_interval_holds_the_median(pairs):
    ratio = Ratio.of(pairs, [1.0] * len(pairs))
    assert min(pairs) <= ratio.low <= ratio.median <= ratio.high <= max(pairs)
    assert ratio.median == statistics.median(pairs)
