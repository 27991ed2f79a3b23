import json
import shutil

import msgspec
import pytest

from stampmill.bench import gate, timing, tune
from stampmill.bench.meter import Sample
from stampmill.bench.sweep import run, winners
from stampmill.bench.sweep.run import Result
from stampmill.bench.timing import Measurement
from stampmill.core import native
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode, NoDeviceError, UsageError

POINT = (("rolled", 1), ("k", 4))
NAME = "sse2-rolled1-k4"

can_build = pytest.mark.skipif(
    "sse2" not in {info.name for info in native.kernels({}) if info.supported}
    or shutil.which("cc") is None,
    reason="no compiler, or no SSE2",
)


def result(point, rate, ratio, **more):
    return Result("host", "sse2", "source", point, rate, ratio, **more)


def swept(folder, *points):
    file = folder / "sweep.jsonl"
    for point in points:
        measured = msgspec.structs.replace(run.empty("sse2", point), hashes_per_second=1.0)
        run.append(file, measured)
    return file


def fastest_first(*names):
    """Stand for the measurement: these kernels come first, and the others as usual."""

    def measure(cases, *_):
        found = []
        for case in cases:
            name = case.kernel.name
            seconds = 1.0 + names.index(name) if name in names else 100.0
            found.append(Measurement(case, 1, [Sample(seconds, seconds)]))
        return found

    return measure


def test_the_best_points_are_the_fastest_and_those_that_gain_most():
    shared = result({"k": 16}, 5e6, 1.00)
    points = [result({"interleave": number}, 4e6, 1 + number / 100) for number in range(5)]
    failed = result({"k": 3}, 0.0, 0.0, failure="it does not compile")
    found = winners.best([failed, *points, shared])
    assert [one.point for one in found] == [{"k": 16}, {"interleave": 4}, {"interleave": 3}]
    assert winners.best([failed]) == []


def test_points_of_other_hosts_or_other_code_are_none(tmp_path):
    file = swept(tmp_path, POINT)
    (mine,) = run.read(file)
    run.append(other := tmp_path / "other", msgspec.structs.replace(mine, host="elsewhere"))
    run.append(other, msgspec.structs.replace(mine, source="older"))
    run.append(other, msgspec.structs.replace(mine, kernel="vanished"))
    with pytest.raises(UsageError, match="has no point of this CPU and this code: sweep here"):
        winners.winners(other, tmp_path)
    with pytest.raises(UsageError, match="none has no point of this CPU"):
        winners.winners(tmp_path / "none", tmp_path)


@can_build
def test_a_sweeps_winner_is_kept_proved_and_mined_with(tmp_path, monkeypatch, capsys):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = swept(tmp_path, POINT)

    monkeypatch.setattr(timing, "measure", fastest_first(NAME))
    assert main(["bench", "tune", "--sweep", str(file)]) == ExitCode.DONE
    assert f"fastest here: {NAME}, not " in capsys.readouterr().out
    (library,) = (tmp_path / "stampmill").glob("kernel-*.so")
    kernel = native.select(environ=environ)
    assert (kernel.name, kernel.max_versions) == (NAME, 4)
    assert "tuned on this host: rolled 1, k 4" in kernel.description

    assert main(["selftest", "--kernel", NAME]) == ExitCode.DONE
    assert f"{NAME} passed" in capsys.readouterr().out
    assert main(["mine", "--time-limit", "0.5", "--json"]) == ExitCode.DONE
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert NAME in json.dumps(lines[-1])

    # Tuned again without the sweep it takes part, and stays while it wins.
    monkeypatch.setattr(gate, "check", lambda *_: None)
    tune.tune(1.0, environ=environ)
    assert native.select(environ=environ).name == NAME
    content = library.read_bytes()
    aside = library.rename(tmp_path / "aside")  # it is in use: not to be written to
    library.write_bytes(content[:-1])
    assert native.select(environ=environ).name == native.kernels({})[0].name
    with pytest.raises(NoDeviceError, match=f"kernel '{NAME}': no such C kernel"):
        native.select(NAME, environ)
    aside.replace(library)
    monkeypatch.setattr(timing, "measure", fastest_first("sse2"))
    tune.tune(1.0, environ=environ)
    assert native.select(environ=environ).name == "sse2"
    assert not library.exists()


def test_a_sweep_is_for_c_kernels(capsys):
    assert main(["bench", "tune", "-d", "opencl:0", "--sweep", "x"]) == ExitCode.USAGE
    assert "--sweep is for the C kernels" in capsys.readouterr().err
