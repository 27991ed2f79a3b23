"""What may be done how often."""

from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.operate.budget import Budget


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_had_at_once_and_then_one_after_the_other() -> None:
    clock = Clock()
    budget = Budget(3, 2.0, clock)
    assert [budget.take() for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    clock.now = 0.25
    assert budget.take() == 0.25
    clock.now = 0.5
    assert [budget.take(), budget.take()] == [0, 0.5]


def test_no_more_than_a_burst_is_saved_up() -> None:
    clock = Clock()
    budget = Budget(3, 2.0, clock)
    clock.now = 1000.0
    assert [budget.take() for _ in range(4)] == [0, 0, 0, 0.5]


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=200))
def test_however_it_is_asked_it_gives_no_more_than_burst_and_rate(waits: list[float]) -> None:
    clock = Clock()
    budget = Budget(4, 10.0, clock)
    given_out = 0
    for wait in waits:
        clock.now += wait
        given_out += budget.take() == 0
    assert given_out <= 4 + 10.0 * clock.now + 1e-6


@given(st.integers(1, 5), st.floats(0.1, 1000))
def test_after_the_time_that_it_told_there_is_one(burst: int, rate: float) -> None:
    clock = Clock()
    budget = Budget(burst, rate, clock)
    while not (wait := budget.take()):
        pass
    clock.now += wait * (1 + 1e-9)
    assert budget.take() == 0
