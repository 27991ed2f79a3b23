import json
from pathlib import Path

import pytest

from stampmill.bench.host import machine
from stampmill.bench.pipeline import parts
from stampmill.bench.pipeline.parts import Part
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.core.cli.bench import gpu_cost, kernels, pipeline
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode, NoDeviceError

ROOT = Path(__file__).parents[2]
QUICK = ["--kernel", "reference", "--rounds", "2", "--seconds", "0.001", "--versions", "1"]


def test_prints_a_table_of_kernels(capsys):
    assert main(["bench", "kernels", *QUICK]) == ExitCode.DONE
    printed = capsys.readouterr()
    assert printed.out.startswith("kernel ")
    assert "\nreference " in printed.out
    assert "checking reference against hashlib" in printed.err


def test_json_is_alone_on_standard_output_and_in_the_file(capsys, tmp_path):
    path = tmp_path / "result.json"
    code = main(["bench", "kernels", *QUICK, "--json", "--output", str(path)])
    assert code == ExitCode.DONE
    printed = json.loads(capsys.readouterr().out)
    assert printed["benchmarks"][0]["name"] == "reference"
    assert json.loads(path.read_text()) == printed
    assert main(["bench", "show", str(path)]) == ExitCode.DONE
    assert "kernels::reference" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["kernels", "--kernel", "fastest"], ExitCode.NO_DEVICE, "no kernel 'fastest'"),
        (["kernels", "--cpu", "9999"], ExitCode.USAGE, "no CPU 9999"),
        (["pipeline", "--only", "speed"], ExitCode.USAGE, "no target 'speed'"),
        (["show", "none.json"], ExitCode.USAGE, "cannot read none.json"),
        (["kernels", "--output", "no/x.json"], ExitCode.USAGE, "there is no folder no"),
        (["gpu-cost", "--output", "no/x.json"], ExitCode.USAGE, "there is no folder no"),
        (["gpu-cost", "--fail-over", "5%"], ExitCode.USAGE, "needs an older result"),
        (["pipeline", "--html", "."], ExitCode.USAGE, "it is a folder"),
        (["kernels", "--plot", "no/x.svg"], ExitCode.USAGE, "there is no folder no"),
    ],
)
def test_a_mistake_is_one_line(capsys, arguments, code, words):
    assert main(["bench", *arguments]) == code
    error = capsys.readouterr().err
    assert words in error
    assert error.splitlines()[-1].startswith("stampmill: ")


@pytest.mark.parametrize("option", ["--rounds=0", "--rounds=x", "--seconds=-1", "--seconds=x"])
def test_nonsense_is_refused_by_the_parser(capsys, option):
    with pytest.raises(SystemExit) as caught:
        main(["bench", "kernels", option])
    assert caught.value.code == ExitCode.USAGE
    assert "is n" in capsys.readouterr().err


def test_a_wrong_kernel_ends_with_its_own_exit_code(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    wrong = "tests.bench.kernels:Forgetful"
    assert main(["bench", "kernels", "--kernel", wrong, *QUICK]) == ExitCode.VERIFICATION
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "kernel forgetful misses nonce" in printed.err
    assert "of header" in printed.err


def test_check_turns_a_missed_target_into_an_exit_code(capsys, monkeypatch):
    slow = Target("slow", "something slow", 1.0, "s")
    part = Part("slow", (slow,), lambda _effort: Finding([Outcome(slow, 2.0, "twice")]))
    monkeypatch.setattr(parts, "PARTS", (part,))
    assert main(["bench", "pipeline", "--quick"]) == ExitCode.DONE
    assert "MISSED" in capsys.readouterr().out
    assert main(["bench", "pipeline", "--quick", "--check"]) == ExitCode.REGRESSION
    assert "not met: slow" in capsys.readouterr().err


def test_help_teaches(capsys):
    for arguments in (
        ["bench", "--help"],
        ["bench", "kernels", "--help"],
        ["bench", "pipeline", "-h"],
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
    assert "clean job every 100 ms" in capsys.readouterr().out.replace("\n", " ")


def test_a_kernel_runs_on_the_cpu_asked_for(capsys):
    cpu = machine.usable_cpus()[0]
    assert main(["bench", "kernels", *QUICK, "--cpu", str(cpu), "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["benchmarks"][0]["extra_info"]["pinned"] == cpu


def test_alone_it_measures_everything(monkeypatch):
    done = []
    for part in (kernels, pipeline, gpu_cost):
        monkeypatch.setattr(part, "run", lambda options: done.append(options) or ExitCode.DONE)
    assert main(["bench"]) == ExitCode.DONE
    first, second, _ = done
    assert first.kernel == []
    assert second.only == []


def test_what_has_no_tools_here_is_left_out_with_a_line(monkeypatch, capsys):
    def without_tools(_options):
        raise NoDeviceError("no clang: apt install clang-19")

    for part in (kernels, pipeline):
        monkeypatch.setattr(part, "run", lambda _options: ExitCode.DONE)
    monkeypatch.setattr(gpu_cost, "run", without_tools)
    assert main(["bench"]) == ExitCode.DONE
    text = "left out: stampmill bench gpu-cost: no clang: apt install clang-19"
    assert text in capsys.readouterr().err
