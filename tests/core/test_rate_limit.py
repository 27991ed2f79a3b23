"""How often something may happen."""

from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.rate_limit import RateLimit


def test_a_burst_is_had_at_once_and_then_one_after_the_other() -> None:
    limit = RateLimit(3, seconds=1.5)
    assert [limit.allow(10.0) for _ in range(4)] == [True, True, True, False]
    assert not limit.allow(10.25)
    assert [limit.allow(10.5), limit.allow(10.5)] == [True, False]


def test_no_more_than_a_burst_is_saved_up() -> None:
    limit = RateLimit(3, seconds=1.5)
    assert limit.allow(0.0)
    assert [limit.allow(1000.0) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=200))
def test_however_it_is_asked_it_allows_no_more_than_burst_and_rate(waits: list[float]) -> None:
    limit, now, allowed = RateLimit(4, seconds=0.4), 0.0, 0
    for wait in waits:
        now += wait
        allowed += limit.allow(now)
    assert allowed <= 4 + 10.0 * now + 1e-6
