import json
from dataclasses import dataclass, replace

import pytest

from stampmill.bench import gate, timing, tune
from stampmill.bench.timing import Case, Measurement, Sample
from stampmill.core import native, tuning
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode, NoDeviceError, StampmillError, VerificationError
from stampmill.core.tuning import Device

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

QUICK = 0.2


@dataclass
class Tuned:
    """A machine that was tuned once, for all that only look at it."""

    environ: dict[str, str]
    lines: list[str]
    found: tune.Tuning


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    environ, lines = {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("tuned"))}, []
    return Tuned(environ, lines, tune.tune(QUICK, None, lines.append, environ))


@pytest.fixture
def unchecked(monkeypatch):
    """Without the proof of each kernel, which others have seen."""
    monkeypatch.setattr(gate, "check", lambda *_: None)


@pytest.fixture
def environ(tmp_path):
    return {"XDG_CACHE_HOME": str(tmp_path)}


def named(name):
    kernel = ReferenceKernel()
    kernel.name = name
    return kernel


def measured(name, versions, *seconds):
    samples = [Sample(value, value) for value in seconds]
    return Measurement(Case(named(name), versions), 1, samples)


def test_the_order_found_is_what_mining_then_takes(tuned):
    environ, found = tuned.environ, tuned.found
    supported = [info.name for info in native.kernels({}) if info.supported]
    assert sorted(found.tuned.order) == sorted(supported)
    assert [info.name for info in native.kernels(environ)][: len(supported)] == list(
        found.tuned.order
    )
    assert native.select(environ=environ).name == found.tuned.order[0]
    assert "checking generic against hashlib" in tuned.lines
    assert tuned.lines[-1] == "round 7 of 7"


def test_generic_is_slower_than_the_vectors(tuned):
    found = tuned.found
    rates = found.tuned.hashes_per_second
    others = set(found.tuned.order) - {"generic"}
    assert all(rates[name]["16"] > rates["generic"]["16"] for name in others)


def test_a_kernel_counts_by_its_medians_with_one_version_and_with_most():
    even = [measured("even", 1, 3.0, 3.1, 99.0), measured("even", 16, 3.0, 3.0, 3.0)]
    uneven = [measured("uneven", 1, 6.0, 6.0, 1.0), measured("uneven", 16, 2.0, 2.0, 2.0)]
    tuned = tune._tuned([*uneven, *even], Device("cpu x", "", "b"))
    assert tuned.order == ("even", "uneven")
    assert tuned.hashes_per_second["uneven"] == {"1": 1 / 6, "16": 0.5}


@pytest.mark.usefixtures("unchecked")
def test_the_budget_bounds_the_length_of_a_scan(environ, monkeypatch):
    asked = []

    def measure(cases, rounds, seconds, cpu, progress):
        asked.append(rounds * seconds * len(cases))
        return [measured(case.kernel.name, case.versions, 1.0) for case in cases]

    monkeypatch.setattr(timing, "measure", measure)
    tune.tune(10.0, None, environ=environ)
    assert 3.0 < asked[0] < 7.0


def test_a_kernel_that_is_wrong_is_left_out_and_told(environ, monkeypatch):
    def refuse_generic(kernel, _counts):
        if kernel.name == "generic":
            raise VerificationError("kernel generic misses nonce 1")

    monkeypatch.setattr(gate, "check", refuse_generic)
    found = tune.tune(QUICK, None, environ=environ)
    assert "generic" not in found.tuned.order
    assert "generic is left out: kernel generic misses nonce 1" in tune.report(found)


def test_without_c_kernels_there_is_nothing_to_tune(monkeypatch, environ):
    monkeypatch.setattr(native, "available", lambda: False)
    with pytest.raises(NoDeviceError):
        tune.tune(QUICK, None, environ=environ)


@pytest.mark.usefixtures("unchecked")
def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StampmillError, match="cannot be remembered"):
        tune.tune(QUICK, None, environ={"XDG_CACHE_HOME": str(blocked)})


def test_the_report_says_when_the_usual_kernel_is_not_the_fastest(tuned):
    found = tuned.found
    usual = replace(found, usual=[found.tuned.order[0]])
    assert f"fastest here: {usual.usual[0]}, the usual one; remembered" in tune.report(usual)
    other = replace(found, usual=["other"])
    assert "not other, as is usual" in tune.report(other)


@pytest.mark.usefixtures("unchecked")
def test_the_command_prints_json_and_writes_the_file(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["bench", "tune", "--budget", str(QUICK), "--json"]) == ExitCode.DONE
    printed = json.loads(capsys.readouterr().out)
    kept = json.loads((tmp_path / "stampmill/tune.json").read_text())
    assert kept["devices"][printed["device"]]["order"] == printed["order"]
    assert printed["build"] == native.device().build
    assert tuning.order(native.device(), {"XDG_CACHE_HOME": str(tmp_path)})
    assert main(["bench", "tune", "--budget", str(QUICK)]) == ExitCode.DONE
    assert "fastest here: " in capsys.readouterr().out


def test_a_cpu_that_is_not_ours_is_refused(capsys):
    assert main(["bench", "tune", "--cpu", "9999"]) == ExitCode.USAGE
    assert "no CPU 9999" in capsys.readouterr().err
