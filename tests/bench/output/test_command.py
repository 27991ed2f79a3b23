"""The output options of the command, and pytest-benchmark's own reading of what it writes."""

import json
import re
import subprocess
import sys

import pytest

from stampmill.bench import record
from stampmill.bench.candidates import contest
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode
from tests.bench.candidates.test_report import slow_and_fast

from .results import made

KERNELS = ["bench", "kernels", "--kernel", "reference"]


@pytest.fixture
def measured(monkeypatch):
    """Spare the measuring: what is done with the result is tested here."""
    monkeypatch.setattr(contest, "compare", lambda *_, **__: slow_and_fast())


@pytest.fixture
def older(tmp_path):
    def write(factor):
        times = {"slow": [5e-7 / factor] * 11, "fast": [2.5e-7 / factor] * 11}
        record.write(made(times), tmp_path / "old.json")
        return str(tmp_path / "old.json")

    return write


def test_pytest_benchmark_reads_what_is_written(measured, tmp_path, capfd):
    path = tmp_path / "result.json"
    assert main([*KERNELS, "--output", str(path)]) == ExitCode.DONE
    tool = [sys.executable, "-m", "pytest_benchmark", "compare", str(path), "--columns=median"]
    done = subprocess.run(tool, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "benchmark 'kernels': 2 tests" in done.stdout
    assert "500.0000" in done.stdout
    assert "250.0000" in done.stdout


@pytest.mark.parametrize(("factor", "code"), [(1.0, ExitCode.DONE), (1.2, ExitCode.REGRESSION)])
def test_a_slower_median_fails_over_the_limit(measured, older, capsys, factor, code):
    assert main([*KERNELS, "--compare", older(factor), "--fail-over", "5%"]) == code
    printed = capsys.readouterr()
    assert "compared with" in printed.out
    failed = "slower by more than 5.0%: kernels::slow +20.0%, kernels::fast +20.0%" in printed.err
    assert failed == (code == ExitCode.REGRESSION)


@pytest.mark.parametrize("form", ["--json", "--machine-readable"])
def test_a_tools_output_stays_alone(measured, older, capsys, form):
    assert main([*KERNELS, form, "--compare", older(1.0)]) == ExitCode.DONE
    printed = capsys.readouterr()
    assert "compared with" in printed.err
    if form == "--json":
        assert json.loads(printed.out)["benchmarks"]
    else:
        assert all(line[0] in "#12" for line in printed.out.splitlines())


def test_pictures_are_drawn_of_a_run_and_of_files(measured, older, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra 'report')")
    plot, page = tmp_path / "x.svg", tmp_path / "x.html"
    assert main([*KERNELS, "--plot", str(plot), "--html", str(page)]) == ExitCode.DONE
    assert plot.stat().st_size > 1000
    assert "unstable" not in page.read_text()
    plot.unlink()
    old = older(1.0)
    assert main(["bench", "show", old, old, "--plot", str(plot)]) == ExitCode.DONE
    assert plot.stat().st_size > 1000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is no benchmark result: Expected `object`"),
        ('{"machine_info": {}}', "is no benchmark result: .*`benchmarks`"),
        ('{"machine_info": {}, "benchmarks": [{"name": "x"}]}', "missing required field"),
        ('{"machine_info": {}, "benchmarks": [{"name": "x", "fullname": "x", "stats": '
         '{"median": "1", "rounds": 1}}]}', "Expected `float`, got `str`"),
    ],
)  # fmt: skip
def test_an_older_result_that_is_none_stops_before_measuring(tmp_path, capsys, content, words):
    path = tmp_path / "old.json"
    path.write_text(content)
    assert main([*KERNELS, "--compare", str(path)]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.match(rf"stampmill: {path} .*{words}", error)


def test_a_limit_needs_something_to_compare_with(capsys):
    assert main([*KERNELS, "--fail-over", "5%"]) == ExitCode.USAGE
    assert "--compare OLD.json" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["x", "-1", "5%%"])
def test_a_limit_is_a_percentage(capsys, text):
    with pytest.raises(SystemExit) as caught:
        main([*KERNELS, f"--fail-over={text}"])
    assert caught.value.code == ExitCode.USAGE
