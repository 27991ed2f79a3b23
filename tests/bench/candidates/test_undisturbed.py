import pytest

from stampmill.bench import show
from stampmill.bench.candidates import contest, figures, referee, report, result, undisturbed
from stampmill.bench.candidates.contest import Comparison, Plan
from stampmill.bench.candidates.referee import Candidate, Run
from stampmill.bench.candidates.spec import parse
from stampmill.bench.host import limits
from stampmill.bench.host.limits import CORES
from stampmill.bench.meter import Sample

from .stretches import FREE, SHARED, contestant, sample

GOLDEN_COVE = next(core for core in CORES if core.name.startswith("Golden Cove"))
LIMIT = limits.limit("avx512", 16, 1, GOLDEN_COVE).cycles

HALF = sample((LIMIT / 0.95, FREE), (LIMIT / 0.6, SHARED))
LOST = sample((LIMIT / 0.6, SHARED), (LIMIT / 0.94, SHARED))
FREE_ROUND = sample((LIMIT / 0.95, FREE), (LIMIT / 0.85, FREE))


@pytest.fixture(autouse=True)
def _golden_cove(monkeypatch):
    for module in (limits, contest):
        monkeypatch.setattr(module, "this_core", lambda: GOLDEN_COVE)


def compared(*samples):
    return Comparison([contestant("avx512", list(samples))], cpu=1)


def test_the_probe_alone_decides_which_stretches_count():
    (one,) = figures.figures_of(compared(HALF, LOST, FREE_ROUND))
    assert one.undisturbed.shared == [0.5, 1.0, 0.0]
    # The fast stretch that was shared does not count, the slow one that was not does.
    assert [LIMIT / cycles for cycles in one.undisturbed.cycles] == pytest.approx(
        [0.95, 2 / (1 / 0.95 + 1 / 0.85)]
    )
    assert one.undisturbed.seconds == pytest.approx(
        [1e-9 * cycles for cycles in one.undisturbed.cycles]
    )


def test_a_round_with_too_little_of_its_own_does_not_count():
    stretches = [(LIMIT, FREE), *[(2 * LIMIT, SHARED)] * 8]
    (one,) = figures.figures_of(compared(sample(*stretches), sample(*stretches[:8])))
    assert one.undisturbed.rounds == 1


def test_rounds_that_were_not_probed_are_not_judged():
    (one,) = figures.figures_of(compared(HALF, Sample(1.0, 1.0)))
    assert one.undisturbed is None
    assert undisturbed.shared([]) == 0.0
    text = report.report(compared(Sample(2e-6 * LIMIT, 1.0, round(2000 * LIMIT / 0.9))))
    assert "judged by all 1 rounds, the core not probed: avx512" in text


def test_brackets_tell_what_was_reached_alone_and_the_verdict_by_what():
    text = report.report(compared(HALF, HALF, HALF, LOST))
    assert " 74% (95%) " in text
    assert "at least 90% of the port limit: met by avx512 95.0%" in text
    assert "judged by the 3 of 4 rounds that had the core to themselves for a while: avx512" in text
    assert "unstable: another thread shared the core of CPU 1 for 62% of the time" in text
    assert "--patience" not in text


def test_too_few_rounds_alone_are_told_and_all_count():
    text = report.report(compared(HALF, HALF, LOST, LOST))
    assert "at least 90% of the port limit: MISSED by avx512 73.4%" in text
    assert "judged by all 4 rounds, of which fewer than 3 had the core to themselves" in text
    assert "in fewer than 3 rounds of avx512: --patience 600 waits for more" in text


def test_a_core_that_nobody_shared_is_not_spoken_of():
    text = report.report(compared(*[FREE_ROUND] * 3))
    assert "another thread" not in text
    assert "(9" not in text.splitlines()[2]


def test_the_record_has_the_facts_in_any_case():
    record = result.as_document(compared(HALF, HALF, FREE_ROUND))
    facts = record["benchmarks"][0]["extra_info"]["undisturbed"]
    assert (facts["rounds"], facts["shared"]) == (3, [0.5, 0.5, 0.0])
    assert facts["share_of_limit"] == pytest.approx(0.95)
    assert facts["hashes_per_second"] == pytest.approx(1e9 / facts["cycles_per_hash"])
    assert facts["additions_per_cycle"] == [3.55, 3.55, 4.6]
    assert facts["least_of_a_free_core"] == pytest.approx(4.25)
    (target,) = record["targets"]
    assert (target["name"], target["verdict"]) == ("avx512", "met")
    assert "74% (95%)" in show.render(record)


def test_patience_adds_rounds_until_enough_had_the_core_or_time_is_up(monkeypatch):
    candidate = Candidate(parse("a"), "a", "", 1, 1, False, False, (1,), (64,), {})
    monkeypatch.setattr(referee, "check", lambda *_: candidate)
    for seen, rounds in (([LOST, HALF, LOST, HALF, HALF, HALF], 5), ([LOST] * 20, 12)):
        samples, clock, lines = iter(seen), iter(range(100)), []
        monkeypatch.setattr(
            referee, "measure", lambda *_, left=samples: [Run(next(left), (), 3, flat=True)]
        )
        monkeypatch.setattr(contest, "monotonic", lambda ticks=clock: next(ticks))
        made = contest.compare([parse("a")], Plan(rounds=2, patience=11), lines.append)
        assert len(made.contestants[0].measurement.samples) == rounds
        assert lines[-1] == f"round {rounds}, as another thread shares the core"
