import pytest

from stampmill.bench.sweep.grid import points
from stampmill.core.errors import UsageError


def test_every_combination_is_a_point():
    assert points(["k=1,4", "interleave=7..9"]) == [
        (("k", k), ("interleave", grain)) for k in (1, 4) for grain in (7, 8, 9)
    ]


@pytest.mark.parametrize(
    "text", ["speed=1", "k", "k=", "k=0", "k=17", "k=4..1", "lead=46", "k=1..x", "k=-1", "k=1e3"]
)
def test_what_is_no_range_is_refused_with_the_cure(text):
    with pytest.raises(UsageError, match=rf"--param {text}: (write|there are) "):
        points([text])


def test_a_parameter_is_named_once_and_points_are_bounded():
    with pytest.raises(UsageError, match="twice"):
        points(["k=1", "k=2"])
    with pytest.raises(UsageError, match="at most 10000"):
        points(["interleave=1..4096", "phase=0..9"])
