import pytest

from stampmill.bench import gate, timing
from stampmill.bench.host import machine
from stampmill.bench.timing import Case, Measurement, Sample
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.errors import VerificationError

from .kernels import Cunning

CPU = machine.usable_cpus()[-1]


def test_every_case_runs_in_every_round():
    cases = [Case(ReferenceKernel()), Case(ReferenceKernel(), 4)]
    lines = []
    one, four = timing.measure(cases, 3, 0.001, CPU, lines.append)
    assert [len(one.samples), len(four.samples)] == [3, 3]
    assert lines == ["round 1 of 3", "round 2 of 3", "round 3 of 3"]
    assert all(seconds > 0 for seconds in one.seconds_per_hash() + four.seconds_per_hash())


def test_a_round_lasts_as_long_as_was_asked_for():
    (measured,) = timing.measure([Case(ReferenceKernel())], 1, 0.02, CPU)
    assert measured.hashes >= 1 << 12
    assert measured.samples[0].cpu_seconds > 0.005  # calibrated once, and clocks do change


def test_a_kernel_that_is_right_only_where_it_is_checked_is_caught(monkeypatch):
    monkeypatch.setattr(timing, "_TIMED_TARGET", (1 << 246) - 1)
    monkeypatch.setattr(timing, "_FIRST_GUESS", 1 << 16)
    gate.check(Cunning(), (1,))
    cases = [Case(ReferenceKernel()), Case(Cunning())]
    with pytest.raises(VerificationError, match="kernel cunning misses nonce"):
        timing.measure(cases, 1, 0.001, CPU)


def test_the_thread_is_free_again_afterwards():
    before = machine.usable_cpus()
    timing.measure([Case(ReferenceKernel())], 1, 0.001, CPU)
    assert machine.usable_cpus() == before


def test_rates_come_from_cpu_time_and_counts_per_hash():
    samples = [Sample(2.0, 4.0, 6000, 9000), Sample(3.0, 4.0, 8000, 9000)]
    measured = Measurement(Case(ReferenceKernel()), 1000, samples)
    assert measured.seconds_per_hash() == [0.002, 0.003]
    assert measured.cycles_per_hash() == [6.0, 8.0]
    assert measured.instructions_per_hash() == [9.0, 9.0]
    assert measured.cpu_share() == 0.625


def test_without_counters_there_are_no_cycles():
    measured = Measurement(Case(ReferenceKernel()), 1000, [Sample(2.0, 2.0)])
    assert measured.cycles_per_hash() is None
    assert measured.instructions_per_hash() is None


def test_a_case_is_named_after_kernel_and_versions():
    assert Case(ReferenceKernel()).name == "reference"
    assert Case(ReferenceKernel(), 4).name == "reference[versions=4]"
