import pytest

from stampmill.bench.candidates import contest, referee
from stampmill.bench.candidates.contest import Plan
from stampmill.bench.candidates.referee import Candidate, Run
from stampmill.bench.candidates.spec import parse
from stampmill.bench.meter import Sample
from stampmill.core.errors import NoDeviceError, VerificationError
from stampmill.core.scan import Hit

REFERENCE = parse("reference")


def candidate(spec, *_):
    return Candidate(spec, spec.text, "", 1, 2, False, False, (1, 2), (64, 32), {})


def run(*hits, flat=True):
    return Run(Sample(1.0, 1.0), hits, 3, flat)


def test_real_kernels_are_proved_and_timed_in_turn():
    lines = []
    plan = Plan(rounds=2, seconds=0.001, version_counts=(4,))
    compared = contest.compare([REFERENCE, REFERENCE], plan, lines.append)
    assert lines == [*["checking reference against hashlib"] * 2, "round 1 of 2", "round 2 of 2"]
    for one in compared.contestants:
        assert one.measurement.case.name == "reference[versions=4]"
        assert len(one.measurement.samples) == len(one.warm_ups) == 2
        assert all(seconds > 0 for seconds in one.measurement.seconds_per_hash())


def test_each_round_runs_every_kernel_before_the_next(monkeypatch):
    order = []
    monkeypatch.setattr(referee, "check", candidate)
    monkeypatch.setattr(
        referee, "measure", lambda one, _limits: order.append(one.name) or [run(), run(flat=False)]
    )
    compared = contest.compare([parse("a"), parse("b")], Plan(rounds=3))
    assert order == ["a", "b"] * 3
    assert [one.restless for one in compared.contestants] == [[], [1, 2, 3]] * 2


def test_what_is_found_while_timing_is_checked(monkeypatch):
    monkeypatch.setattr(referee, "check", candidate)
    wrong = Hit(0x2FFFFFF6, 0x20000000)
    monkeypatch.setattr(referee, "measure", lambda *_: [run(wrong), run()])
    with pytest.raises(VerificationError, match="kernel a invents nonce 2ffffff6 of header"):
        contest.compare([parse("a")], Plan(rounds=1))


def test_of_all_kernels_one_that_cannot_run_is_left_out(monkeypatch):
    def check(spec, *rest):
        if spec.text == "wide":
            raise NoDeviceError("too wide")
        return candidate(spec, *rest)

    monkeypatch.setattr(referee, "check", check)
    monkeypatch.setattr(referee, "measure", lambda *_: [run(), run()])
    lines = []
    specs = [parse("wide"), parse("narrow")]
    compared = contest.compare(specs, Plan(rounds=1), lines.append, all_=True)
    assert "wide is left out: too wide" in lines
    assert {one.candidate.name for one in compared.contestants} == {"narrow"}
    with pytest.raises(NoDeviceError, match="too wide"):
        contest.compare(specs, Plan(rounds=1))
