from stampmill.bench import warm
from stampmill.bench.warm import Warmth


def test_warm_up_ends_when_three_scans_agree():
    times = iter([9.0, 4.0, 1.5, 1.0, 1.01, 0.99, 1.0])
    assert warm.up(lambda: next(times)) == Warmth(6, flat=True)


def test_a_restless_machine_is_called_so():
    times = iter([1.0, 2.0] * 10)
    assert warm.up(lambda: next(times), most=6) == Warmth(6, flat=False)
