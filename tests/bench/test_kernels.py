import math

import pytest

from stampmill.bench import kernels, record, show
from stampmill.bench.kernels import Comparison, Plan
from stampmill.bench.timing import Case, Measurement, Sample
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.errors import VerificationError

from .kernels import Blind

QUICK = Plan(rounds=2, seconds=0.001, version_counts=(1, 4))


class Named(ReferenceKernel):
    def __init__(self, name):
        self.name = name


def measured(name, seconds, cycles=None, wall=None):
    samples = [Sample(value, wall or value, cycles, cycles) for value in seconds]
    return Measurement(Case(Named(name)), 1_000_000, samples)


def test_a_wrong_kernel_stops_the_comparison():
    with pytest.raises(VerificationError, match="blind"):
        kernels.compare([ReferenceKernel(), Blind()], QUICK)


def test_times_each_kernel_with_each_number_of_versions():
    comparison = kernels.compare([ReferenceKernel()], QUICK)
    assert [one.case.name for one in comparison.measurements] == [
        "reference", "reference[versions=4]",
    ]  # fmt: skip


def test_a_kernel_without_the_wanted_versions_runs_with_one():
    narrow = Named("narrow")
    narrow.max_versions = 1
    cases = kernels._cases(narrow, Plan(version_counts=(8,)))
    assert [case.versions for case in cases] == [1]


def test_the_table_has_rates_cycles_and_ratios():
    comparison = Comparison(
        [measured("slow", [0.5] * 11, 400_000_000), measured("fast", [0.25] * 11, 100_000_000)],
        cpu=1,
        load_before=0.0,
    )
    lines = kernels.report(comparison).splitlines()
    assert lines[2].split()[:9] == [
        "slow", "2.00", "0.0%", "400.0", "400.0", "-", "-", "-", "1.000",
    ]  # fmt: skip
    assert lines[3].split()[:9] == [
        "fast", "4.00", "0.0%", "100.0", "100.0", "-", "-", "-", "2.000",
    ]  # fmt: skip
    assert not any("unstable" in line or "quoted" in line for line in lines)


def test_doubts_are_printed():
    comparison = Comparison([measured("k", [1.0, 2.0, 3.0], wall=6.0)], cpu=0, load_before=None)
    text = kernels.report(comparison)
    assert "fewer than 11 rounds: not to be quoted" in text
    assert "unstable: other processes held CPU 0 for 67% of a run" in text
    assert "unstable: rounds of k differ by 50%" in text


def test_the_record_holds_rates_and_can_be_shown(tmp_path):
    comparison = kernels.compare([ReferenceKernel()], QUICK)
    path = tmp_path / "result.json"
    record.write(kernels.as_document(comparison), path)
    made = record.read(path)
    first, second = made["benchmarks"]
    assert first["params"] == {"kernel": "reference", "versions": 1}
    extra = first["extra_info"]
    assert math.isclose(extra["hashes_per_second"] * first["stats"]["median"], 1.0)
    assert extra["ratio_to_first"] == 1.0
    assert extra["pinned"] == comparison.cpu
    assert second["stats"]["iterations"] == second["extra_info"]["hashes"]
    shown = show.render(made)
    assert "kernels::reference[versions=4]" in shown
