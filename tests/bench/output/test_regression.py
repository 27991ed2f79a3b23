import pytest

from stampmill.bench.output import regression
from stampmill.core.errors import UsageError

from .results import made


def test_a_longer_median_is_slower_and_has_an_interval():
    old, new = made({"k": [1.0, 1.01, 0.99] * 4}), made({"k": [1.1, 1.11, 1.09] * 4})
    changes = regression.compare(old, new)
    (change,) = changes.common
    assert change.ratio.median == pytest.approx(1.1)
    assert 1.05 < change.ratio.low <= change.ratio.median <= change.ratio.high < 1.15
    assert regression.slower(changes, 0.05) == [change]
    assert regression.slower(changes, 0.11) == []
    line = regression.report(changes).splitlines()[2]
    assert "+10.0%" in line
    assert line.endswith("slower")


def test_what_may_be_no_change_is_not_called_one():
    noisy = made({"k": [1.0, 1.4, 0.7, 1.1, 0.9] * 3})
    line = regression.report(regression.compare(noisy, noisy)).splitlines()[2]
    assert "+0.0%" in line
    assert "slower" not in line
    assert "faster" not in line


def test_what_is_in_one_result_only_is_told():
    old, new = made({"a": [1.0], "b": [1.0]}), made({"b": [1.0], "c": [1.0]}, cpu="Another")
    text = regression.report(regression.compare(old, new))
    assert "not measured now: kernels::a" in text
    assert "not in the older result: kernels::c" in text
    assert "measured on another machine: Some CPU" in text


def test_nothing_in_common_is_an_error():
    with pytest.raises(UsageError, match="the older result has kernels::a, this one kernels::b"):
        regression.compare(made({"a": [1.0]}), made({"b": [1.0]}))
