import pytest

from stampmill.bench.pipeline import device, effort, intervals, latency, parts, speed
from stampmill.bench.pipeline.targets import Verdict
from stampmill.bench.summary import histogram
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode
from tests.core.backends.opencl.cards import needs_a_device, usable


def result(*, switches=(0.0001,), starved=0):
    return {
        "kernel": "k", "jobs": 5, "starved_jobs": starved,
        "job_switch": list(switches), "share_path": [0.0002] * 3,
    }  # fmt: skip


def test_the_worst_pace_decides_and_every_one_is_told(monkeypatch):
    found = {0.01: result(switches=(0.0001, 0.0015), starved=1), 5.0: result()}
    monkeypatch.setattr(intervals, "run", lambda course: (found[course.interval], {}))
    measured = intervals.measure(effort.Effort(paces=((0.01, 300), (5.0, 5))))
    switch, path, starved = measured.outcomes
    assert (switch.value, switch.verdict) == (10.0, Verdict.MISSED)
    assert switch.detail == "every 10ms 10.000 (3), every 5s 0.100 (1)"
    assert path.verdict is Verdict.MET
    assert (starved.value, starved.detail) == (1, "of 10 clean jobs: 1 every 10ms")
    names = [benchmark.name for benchmark in measured.benchmarks]
    assert names == ["10ms_job_switch", "10ms_share_path", "5s_job_switch", "5s_share_path"]
    first = measured.benchmarks[0]
    assert first.params == {"kernel": "k", "what": "job_switch", "job_interval": 0.01}
    assert sum(first.extra_info["histogram"]["counts"]) == 2


def test_a_switch_that_the_next_job_overtook_took_that_long():
    """Half of the jobs are starved: what the other half needed is not the figure."""
    course = latency.Course(4, 0.05, 1.0)
    told = result(switches=(0.001, 0.002), starved=2) | {"submitted": 3, "dead_sent": 0}
    switch, _, starved, _ = latency._outcomes(course, told, {"stale": 0})
    assert (switch.value, switch.detail) == (50.0, "4 of them, p50 2.000, max 50.000")
    assert starved.value == 2


def test_a_pace_without_a_figure_is_left_out(monkeypatch):
    monkeypatch.setattr(intervals, "run", lambda _course: (result(switches=()), {}))
    switch, *_ = intervals.measure(effort.Effort(paces=((0.01, 3),))).outcomes
    assert switch.verdict is Verdict.UNMEASURED


def test_the_paces_go_from_10_ms_to_30_s():
    paces = [interval for interval, _ in effort.FULL.paces]
    assert (paces[0], paces[-1]) == (0.01, 30.0)
    assert sum(interval * jobs for interval, jobs in effort.FULL.paces) < 150


def test_a_histogram_counts_every_value_once():
    bounds, counts = histogram([1e-6, 3e-6, 4e-6, 5e-6, 0.0])
    assert bounds == pytest.approx([1e-6, 2e-6, 4e-6, 8e-6])
    assert counts == [2, 0, 2, 1]


def test_a_device_is_measured_alone_where_it_is_asked_for(monkeypatch, capsys):
    courses = []

    def run(course):
        courses.append(course)
        return result(switches=(0.04,)), {}

    monkeypatch.setattr(device, "run", run)
    assert main(["bench", "pipeline", "--quick", "-d", "opencl:3"]) == ExitCode.DONE
    (course,) = courses
    assert course.device == "opencl:3"
    assert "job switch on an OpenCL device p99" in capsys.readouterr().out
    assert not parts.as_document([], effort.Effort(device="opencl:3"))["short_run"]
    assert main(["bench", "pipeline", "-d", "cpu"]) == ExitCode.USAGE
    assert "no OpenCL device 'cpu': write opencl:0" in capsys.readouterr().err


def test_shares_come_as_often_as_they_are_wanted_of_a_device(monkeypatch):
    monkeypatch.setattr(speed.registry, "load_kernel", lambda _name: ReferenceKernel())
    monkeypatch.setattr(speed, "_SECONDS", 0.01)
    once, often = speed.difficulty_for(1.0, "opencl:0"), speed.difficulty_for(0.001, "opencl:0")
    assert 10 < once / often < 100_000


@needs_a_device
def test_a_device_changes_jobs_within_its_launches():
    tiny = effort.Effort(jobs=1, job_interval=1.0, device=usable()[0].label)
    finding = parts.measure([], tiny)[0]
    assert finding.part == "device"
    assert [one.target for one in finding.outcomes] == list(device.TARGETS)
    assert finding.outcomes[0].value > 0.0
