import pytest

from stampmill.bench.pipeline.targets import Bound, Outcome, Target, Verdict

MOST = Target("latency", "a latency", 1.0, "ms")
LEAST = Target("rate", "a rate", 0.99, "", Bound.AT_LEAST)


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (MOST, 0.5, Verdict.MET),
        (MOST, 1.0, Verdict.MET),
        (MOST, 1.001, Verdict.MISSED),
        (LEAST, 1.02, Verdict.MET),
        (LEAST, 0.99, Verdict.MET),
        (LEAST, 0.9899, Verdict.MISSED),
        (LEAST, None, Verdict.UNMEASURED),
    ],
)
def test_a_limit_is_part_of_what_is_allowed(target, value, verdict):
    assert target.judge(value) is verdict


def test_an_outcome_is_recorded_with_its_limit():
    made = Outcome(MOST, 2.0, "of 300", {"p50": 0.1}).as_dict()
    assert made == {
        "name": "latency",
        "title": "a latency",
        "value": 2.0,
        "unit": "ms",
        "bound": "<=",
        "limit": 1.0,
        "verdict": "MISSED",
        "detail": "of 300",
        "facts": {"p50": 0.1},
    }
