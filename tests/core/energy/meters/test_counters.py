from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.energy.meters.counters import between

RANGE = 1000.0


def test_a_counter_that_began_again_still_counts():
    assert between({"x": (9.0, 10.0)}, {"x": (1.5, 10.0)}) == 2.5


def test_a_counter_that_never_begins_again_was_set_to_nothing_by_its_driver():
    assert between({"x": (9.0, 0.0)}, {"x": (1.5, 0.0)}) == 1.5


def test_of_nothing_there_is_no_energy():
    assert between({}, {}) is None
    assert between({"x": (1.0, 0.0)}, {"y": (2.0, 0.0)}) is None


steps = st.lists(st.integers(0, int(RANGE) - 1), max_size=50)


@given(start=st.integers(0, int(RANGE) - 1), used=steps)
def test_no_energy_is_lost_however_often_a_counter_begins_again(start, used):
    counter, total = start, 0.0
    for step in used:
        before = {"x": (float(counter), RANGE)}
        counter = int((counter + step) % RANGE)
        total += between(before, {"x": (float(counter), RANGE)}) or 0.0
    assert total == sum(used)
