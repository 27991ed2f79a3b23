from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.emulator.chips.silicon import Conditions, error_ratio, limit_mhz

volts = st.floats(0.85, 1.1)
degrees = st.floats(20, 100)


def test_as_usual_there_are_no_errors_with_some_room_above() -> None:
    assert error_ratio(525.0, 525.0, Conditions()) == 0.0
    assert 580 < limit_mhz(525.0, Conditions()) < 625


@given(volts, degrees, st.floats(1.0, 1.03))
def test_above_the_limit_errors_come_rapidly(part: float, celsius: float, above: float) -> None:
    conditions = Conditions(part, celsius)
    limit = limit_mhz(525.0, conditions)
    assert error_ratio(limit * 0.9999, 525.0, conditions) == 0.0
    ratio = error_ratio(limit * above, 525.0, conditions)
    assert ratio <= error_ratio(limit * (above + 0.01), 525.0, conditions) <= 1.0
    assert error_ratio(limit * 1.05, 525.0, conditions) == 1.0


@given(volts, degrees)
def test_more_voltage_and_less_warmth_bear_more_clock(part: float, celsius: float) -> None:
    limit = limit_mhz(525.0, Conditions(part, celsius))
    assert limit_mhz(525.0, Conditions(part + 0.01, celsius)) > limit
    assert limit_mhz(525.0, Conditions(part, celsius + 1)) < limit
