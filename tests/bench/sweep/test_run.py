import shutil

import pytest

from stampmill.bench.candidates.contest import Plan
from stampmill.bench.sweep import build, run
from stampmill.bench.sweep.grid import points
from stampmill.bench.sweep.run import Result
from stampmill.core import native
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode, NoDeviceError, UsageError

QUICK = Plan(rounds=1, seconds=0.001)
RUNS_HERE = {info.name for info in native.kernels({}) if info.supported}

can_build = pytest.mark.skipif(
    "sse2" not in RUNS_HERE or shutil.which("cc") is None, reason="no compiler, or no SSE2"
)


@can_build
def test_a_sweep_measures_each_point_and_goes_on_where_it_ended(tmp_path, capsys, monkeypatch):
    file = tmp_path / "sweep.jsonl"
    arguments = ["bench", "sweep", "--kernel", "sse2", "--rounds", "1", "--seconds", "0.001"]
    arguments += ["--param", "rolled=1", "--file", str(file)]
    assert main(arguments) == ExitCode.DONE
    (kept,) = run.read(file)
    assert kept.point == {"rolled": 1}
    assert kept.ratio > 0
    assert kept.failure == ""
    file.write_bytes(file.read_bytes() + b'{"cut off')
    monkeypatch.setattr(build, "build", None)  # nothing is built again
    assert main(arguments) == ExitCode.DONE
    printed = capsys.readouterr()
    assert "rolled=1" in printed.out
    assert "1 of 1: done" in printed.err


@can_build
def test_a_point_that_fails_is_told_and_the_sweep_goes_on(tmp_path, monkeypatch):
    def fail(*_):
        raise NoDeviceError("it does not compile")

    monkeypatch.setattr(build, "build", fail)
    found = run.sweep("sse2", points(["k=2,3"]), tmp_path / "s.jsonl", QUICK)
    assert [one.failure for one in found] == ["it does not compile"] * 2
    assert run.rows(found)[0] == ["k=2", "-", "-", "it does not compile", found[0].host]


@can_build
def test_code_that_the_compiler_refuses_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "woven", lambda *_: "#error no\n")
    with pytest.raises(NoDeviceError, match=r"sse2-rolled1\.so does not compile: .*error"):
        build.build("sse2", (("rolled", 1),), tmp_path)


def test_points_differ_in_their_code():
    usual, other = (build.woven("avx512", (("interleave", grain),)) for grain in (8, 9))
    assert usual != other


def test_other_code_is_measured_again():
    one, other = (run.empty("avx512", (("interleave", grain),)) for grain in (8, 9))
    assert run.key(one)[:2] == run.key(other)[:2]
    assert one.source != other.source


def test_a_kernel_that_is_not_generated_is_refused():
    with pytest.raises(UsageError, match="no kernel is generated for 'shani'"):
        build.row("shani")


def test_code_in_loops_is_not_woven():
    with pytest.raises(UsageError, match="avx2 in loops is not woven: .* with rolled=0"):
        build.woven("avx2", (("rolled", 1), ("interleave", 4)))
    assert build.woven("avx2", (("rolled", 1),)) != build.woven("avx2", (("rolled", 0),))


def test_a_file_of_something_else_is_left_alone(tmp_path):
    file = tmp_path / "x"
    file.write_text("hello\n")
    with pytest.raises(UsageError, match="holds no sweep"):
        run.sweep("avx2", points(["k=1"]), file, QUICK)
    assert file.read_text() == "hello\n"


def test_a_ratio_that_may_be_none_is_not_printed():
    undecided = Result("h", "k", "s", {"k": 1}, 1e6, 1.01, (0.98, 1.05))
    assert run.rows([undecided]) == [["k=1", "1.00", "-", "0.980-1.050", "h"]]
