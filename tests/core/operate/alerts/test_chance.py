"""Each bound against the exact sum over all cases."""

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.operate.alerts import chance

COUNTS = st.integers(0, 60)


def poisson(count: int, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def binomial(hits: int, tries: int, ratio: float) -> float:
    return math.comb(tries, hits) * ratio**hits * (1 - ratio) ** (tries - hits)


@given(COUNTS, st.floats(0.01, 60))
def test_so_few_are_never_more_likely_than_said(count: int, mean: float) -> None:
    exact = sum(poisson(each, mean) for each in range(count + 1))
    assert math.exp(-chance.fewer(count, mean)) >= exact * (1 - 1e-9)


@given(COUNTS, st.floats(0.01, 60))
def test_so_many_are_never_more_likely_than_said(count: int, mean: float) -> None:
    exact = 1 - sum(poisson(each, mean) for each in range(count))
    assert math.exp(-chance.more(count, mean)) >= exact - 1e-12


@given(COUNTS, COUNTS, st.floats(0.001, 0.5))
def test_so_often_is_never_more_likely_than_said(hits: int, misses: int, ratio: float) -> None:
    tries = hits + misses
    exact = sum(binomial(each, tries, ratio) for each in range(hits, tries + 1))
    assert math.exp(-chance.oftener(hits, tries, ratio)) >= exact * (1 - 1e-9)


def test_none_at_all_is_exact() -> None:
    assert chance.fewer(0, 10.0) == 10.0
    assert chance.oftener(4, 4, 0.05) == pytest.approx(-math.log(0.05**4))


@pytest.mark.parametrize(
    ("hits", "tries", "raised"),
    [(1, 2, False), (2, 2, False), (3, 3, False), (4, 4, True), (10, 100, False), (20, 100, True)],
)
def test_a_few_tries_prove_nothing(hits: int, tries: int, raised: bool) -> None:
    assert (chance.oftener(hits, tries, 0.05) >= chance.CERTAIN) is raised


@given(st.integers(1, 60), COUNTS)
def test_what_is_surely_surpassed_is_the_highest_with_that_evidence(hits: int, rest: int) -> None:
    tries = hits + rest
    low = chance.at_least(hits, tries)
    assert 0 <= low < hits / tries
    assert chance.oftener(hits, tries, low * 1.001) < chance.CERTAIN + 1e-6
    assert low == 0 or chance.oftener(hits, tries, low * 0.999) >= chance.CERTAIN - 1e-6


def test_ranks_are_as_likely_as_counting_all_orders_says() -> None:
    orders = list(permutations(range(6)))
    lowest = sum(set(order[-2:]) <= {0, 1, 2} for order in orders) / len(orders)
    assert math.exp(-chance.ranked_low(3, 6, 2)) == pytest.approx(lowest)


def test_evidence_is_said_as_people_say_it() -> None:
    assert chance.one_in(10.0) == "1 in 22,026"
    assert chance.one_in(99.0) == "less than 1 in a million"
