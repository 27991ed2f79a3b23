from stampmill.bench.candidates import report, result
from stampmill.bench.candidates.contest import Comparison, Contestant
from stampmill.bench.candidates.referee import Candidate
from stampmill.bench.candidates.spec import Kind, Spec
from stampmill.bench.host import machine
from stampmill.bench.host.conditions import Conditions
from stampmill.bench.meter import Sample
from stampmill.bench.timing import Entry, Measurement

ROUNDS = 11


def contestant(name, seconds, cycles=None, wall=None, **spec):
    candidate = Candidate(
        Spec(spec.get("kind", Kind.INSTALLED), name), name, f"the {name} one", 1, 1,
        spec.get("by_clock", False), spec.get("on_device", False), (1,), (1_000_000,),
        {"compiler": "cc 1", "flags": "-O9", "sha256": "0123"},
    )  # fmt: skip
    samples = [Sample(value, wall or value, cycles, cycles) for value in seconds]
    return Contestant(candidate, Measurement(Entry(candidate), 1_000_000, samples), [3], [])


def slow_and_fast(**more):
    slow = contestant("slow", [0.5] * ROUNDS, 400_000_000)
    return Comparison([slow, contestant("fast", [0.25] * ROUNDS, 100_000_000)], cpu=1, **more)


def test_the_table_has_rates_cycles_and_ratios():
    lines = report.report(slow_and_fast()).splitlines()
    assert lines[2].split() == ["slow", "2.00", "0.0%", "400.0", "400.0", *"-----"]
    assert lines[3].split() == [
        "fast", "4.00", "0.0%", "100.0", "100.0", "-", "-", "-", "2.000", "2.000-2.000",
    ]  # fmt: skip
    assert not any("unstable" in line or "quoted" in line for line in lines)


def test_no_ratio_is_printed_where_both_may_be_equal():
    first = contestant("a", [1.0] * ROUNDS)
    second = contestant("b", [0.9, 1.1] * 5 + [1.0])
    comparison = Comparison([first, second], cpu=1)
    ratio, interval = report.rows(comparison)[1][-2:]
    low, high = map(float, interval.split("-"))
    assert low < 1 < high
    assert ratio == "-"
    assert result.as_document(comparison)["benchmarks"][1]["extra_info"]["ratio_to_first"] is None


def test_each_kernel_is_told_with_its_compiler_flags_and_commit():
    text = report.report(slow_and_fast())
    assert "\nslow: the slow one; cc 1; -O9\n" in text
    assert f"\ncommit {str(machine.commit_info()['id'])[:12]}" in text
    foreign = contestant("mine", [1.0], kind=Kind.LIBRARY)
    assert "; -O9; sha256 0123" in report.report(Comparison([foreign], cpu=0))


def test_a_foreign_kernel_with_the_name_of_ours_has_no_known_limit():
    ours = contestant("shani", [1.0], 10**9)
    foreign = contestant("shani", [1.0], 10**9, kind=Kind.LIBRARY)
    ops = [row[5] for row in report.rows(Comparison([ours, foreign], cpu=0))]
    assert ops[0] != "-"
    assert ops[1] == "-"


def test_doubts_are_printed():
    shaky = contestant("k", [1.0, 2.0, 3.0], wall=6.0)
    shaky.restless.extend([1, 3])
    hot = Conditions(throttled=7, on_battery=True, stolen=200, total=1000)
    cool = Conditions(throttled=3, stolen=0, total=0)
    text = report.report(Comparison([shaky], cpu=0, before=cool, after=hot))
    assert "fewer than 11 rounds: not to be quoted" in text
    assert "unstable: other processes held CPU 0 for 67% of a run" in text
    assert "unstable: rounds of k differ by 50%" in text
    assert "unstable: k never got to a steady rate in 2 rounds" in text
    assert "unstable: this machine runs on battery" in text
    assert "unstable: heat lowered the CPU's clock 4 times" in text
    assert "unstable: the host of this virtual machine took 20% of the CPU" in text


def test_the_record_tells_how_it_was_measured():
    before, after = Conditions(megahertz=3000.0, celsius=40.0), Conditions(megahertz=2990.0)
    made = result.as_document(slow_and_fast(before=before, after=after))
    slow, fast = made["benchmarks"]
    assert slow["params"] == {"kernel": "slow", "versions": 1}
    extra = fast["extra_info"]
    assert extra["hashes_per_second"] == 1 / fast["stats"]["median"] == 4_000_000
    assert extra["ratio_to_first"] == 2.0
    assert (extra["compiler"], extra["flags"], extra["pinned"]) == ("cc 1", "-O9", 1)
    assert (extra["freq_before"], extra["freq_after"], extra["temp_before"]) == (3000, 2990, 40)


def test_a_device_that_only_the_clock_can_time_is_compared_by_the_clock():
    host = contestant("host", [0.5] * ROUNDS, wall=1.0)
    card = contestant("opencl:0", [0.25] * ROUNDS, by_clock=True, on_device=True)
    comparison = Comparison([host, card], cpu=0)
    assert report.rows(comparison)[1][-2:] == ["4.000", "4.000-4.000"]
    assert "opencl:0 by the clock, and so is whatever its ratio is to" in report.report(comparison)
    own, other = (
        one["extra_info"]["timer"] for one in result.as_document(comparison)["benchmarks"]
    )
    assert (own, other) == ("CPU time of the process", "clock")


def test_a_cpu_under_opencl_is_timed_by_all_its_threads_and_that_is_told():
    pocl = contestant("opencl:0", [0.25], wall=1.0, on_device=True)
    comparison = Comparison([pocl], cpu=0)
    assert "opencl:0 by the CPU time of all threads of its process" in report.report(comparison)
    extra = result.as_document(comparison)["benchmarks"][0]["extra_info"]
    assert extra["timer"] == "CPU time of the process"


def test_misses_of_the_caches_are_told_per_hash():
    one = contestant("k", [])
    one.measurement.samples.extend(
        Sample(1.0, 1.0, 1, 1, {"l1i_misses": count}, 2.0) for count in (2_000_000, 4_000_000)
    )
    extra = result.as_document(Comparison([one], cpu=0))["benchmarks"][0]["extra_info"]
    assert extra["l1i_misses_per_hash"] == 3.0
    assert extra["joules_per_hash"] == 2e-6
