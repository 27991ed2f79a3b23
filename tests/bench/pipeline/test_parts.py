"""Every part runs for real, as short as it can be; its figures mean nothing here."""

from dataclasses import replace

import pytest

from stampmill.bench import show
from stampmill.bench.pipeline import parts, soak
from stampmill.bench.pipeline.effort import FULL, Effort
from stampmill.bench.pipeline.parts import PARTS, Part
from stampmill.bench.pipeline.targets import Finding, Outcome, Target, Verdict
from stampmill.core.backends.options import CpuPriority
from stampmill.core.errors import StampmillError, UsageError

TINY = Effort(
    priority=CpuPriority.NORMAL,
    richness=10.0,
    pairs=2,
    window_seconds=0.15,
    jobs=8,
    job_interval=0.05,
    paces=((0.01, 10), (0.1, 6)),
    starts=1,
    memory_seconds=0.3,
    soak_jobs=30,
    soak_interval=0.02,
    crowd=50,
    crowd_jobs=2,
    crowd_interval=0.05,
    messages=50,
    watched_rounds=1,
    watched_seconds=0.3,
    watched_short=1,
)
ONE = Target("one", "the first", 1.0, "ms")
TWO = Target("two", "the second", 1.0, "ms")


@pytest.mark.parametrize("part", PARTS, ids=[part.name for part in PARTS])
def test_every_target_of_a_part_is_measured(part):
    finding = part.measure(TINY)
    assert [outcome.target for outcome in finding.outcomes] == list(part.targets)
    unmeasured = [one for one in finding.outcomes if one.verdict is Verdict.UNMEASURED]
    assert not unmeasured
    assert all(outcome.detail for outcome in finding.outcomes)


def two_parts(monkeypatch, first):
    second = Part("second", (TWO,), lambda _effort: Finding([Outcome(TWO, 0.5, "fine")]))
    monkeypatch.setattr(parts, "PARTS", (Part("first", (ONE,), first), second))


def test_a_part_that_fails_is_unmeasured_and_the_others_go_on(monkeypatch):
    def fail(_effort):
        raise StampmillError("mine: no pool took us")

    two_parts(monkeypatch, fail)
    findings = parts.measure([], TINY)
    assert [one.verdict for found in findings for one in found.outcomes] == [
        Verdict.UNMEASURED, Verdict.MET,
    ]  # fmt: skip
    assert parts.missed(findings) == ["one"]
    text = parts.report(findings, TINY)
    assert "mine: no pool took us" in text
    assert "a short run: not to be quoted" in text


def test_only_what_was_asked_for_is_run(monkeypatch):
    two_parts(monkeypatch, lambda _effort: pytest.fail("not asked for"))
    lines = []
    (found,) = parts.measure(["two"], TINY, lines.append)
    assert [outcome.target for outcome in found.outcomes] == [TWO]
    assert lines == ["measuring second"]


def test_of_a_part_only_the_named_target_is_kept(monkeypatch):
    both = Finding([Outcome(ONE, 0.5, ""), Outcome(TWO, 0.5, "")])
    monkeypatch.setattr(parts, "PARTS", (Part("both", (ONE, TWO), lambda _effort: both),))
    (found,) = parts.measure(["two"], TINY)
    assert [outcome.target for outcome in found.outcomes] == [TWO]
    (found,) = parts.measure(["both", "two"], TINY)
    assert [outcome.target for outcome in found.outcomes] == [ONE, TWO]


def test_an_unknown_name_lists_the_known():
    with pytest.raises(
        UsageError, match="no target 'speed'; there are rate, latency, .*job-switch"
    ):
        parts.measure(["speed"], TINY)


def test_a_busy_machine_is_named():
    finding = Finding([Outcome(ONE, 2.0, "slow")], part="first", others=0.25)
    assert "other processes used 25% of the CPUs during first" in parts.report([finding], FULL)
    assert "unstable" not in parts.report([replace(finding, others=0.01)], FULL)


def test_another_priority_than_users_have_is_named():
    finding = Finding([Outcome(ONE, 2.0, "slow")], part="first")
    normal = replace(FULL, priority=CpuPriority.NORMAL)
    assert "threads had normal priority" in parts.report([finding], normal)
    assert "priority" not in parts.report([finding], FULL)
    record = parts.as_document([finding], normal)
    assert (record["cpu_priority"], record["short_run"]) == ("normal", False)


class Busy:
    """A machine whose neighbours used these shares of it, one reading after the other."""

    def __init__(self, *shares):
        self.shares = list(shares)

    def __call__(self):
        return self

    def share(self):
        return self.shares.pop(0)


def runs_until_quiet(monkeypatch, patience, *shares):
    values = iter((3.0, 2.0, 1.0))
    part = Part("part", (ONE,), lambda _effort: Finding([Outcome(ONE, next(values), "")]))
    seconds = iter((0.0, 10.0, 20.0, 30.0))
    monkeypatch.setattr(parts, "PARTS", (part,))
    monkeypatch.setattr(parts, "Neighbours", Busy(*shares))
    monkeypatch.setattr(parts, "monotonic", lambda: next(seconds))
    (found,) = parts.measure([], TINY, patience=patience)
    return found.outcomes[0].value


def test_a_quiet_run_is_enough(monkeypatch):
    assert runs_until_quiet(monkeypatch, 60.0, 0.01) == 3.0


def test_a_disturbed_run_is_repeated_until_it_is_quiet(monkeypatch):
    assert runs_until_quiet(monkeypatch, 60.0, 0.5, 0.01) == 2.0


def test_when_patience_ends_the_least_disturbed_run_counts(monkeypatch):
    assert runs_until_quiet(monkeypatch, 15.0, 0.2, 0.5) == 3.0


def test_without_patience_there_is_one_run(monkeypatch):
    assert runs_until_quiet(monkeypatch, 0.0, 0.5) == 3.0


def test_the_record_can_be_shown():
    finding = Finding([Outcome(ONE, 2.0, "slow"), Outcome(TWO, None, "no /proc")])
    record = parts.as_document([finding], FULL)
    assert record["short_run"] is False
    shown = show.render(record)
    assert "the first" in shown
    assert "MISSED" in shown
    assert "not measured" in shown


def test_soak_compares_the_end_with_a_tenth():
    early = {"jobs": 360, "resident": 40_000_000, "threads": 4, "files": 8}
    late = {"jobs": 3600, "resident": 43_500_000, "threads": 5, "files": 8}
    result = {"jobs": 3600, "submitted": 99, "marks": [early, late]}
    memory, threads, files = soak._outcomes(result)
    assert (memory.value, memory.verdict) == (3.5, Verdict.MISSED)
    assert (threads.value, threads.verdict) == (1, Verdict.MISSED)
    assert (files.value, files.verdict) == (0, Verdict.MET)
