"""The walk through a device's kernels, by a device with known speeds; and once on a real one."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from stampmill.bench import gate
from stampmill.bench.opencl import tune
from stampmill.bench.opencl.stand import Stand
from stampmill.bench.opencl.walk import LAUNCHES, label, walk
from stampmill.core import tuning
from stampmill.core.backends.opencl.backend import open_device
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.plans import LAUNCH_SECONDS, plan_of, tuning_key
from stampmill.core.backends.opencl.shapes import shapes_of
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode, NoDeviceError, StampmillError, VerificationError
from stampmill.kernels.opencl.code import Shape
from tests.core.backends.opencl.cards import needs_a_device, usable
from tests.core.backends.opencl.simulated import device, nvidias
from tests.core.fakes import Clock

CARD = device(handle=SimpleNamespace(max_compute_units=2))
CPU = device(platform="Portable Computing Language", is_gpu=False, width=16)


class Simulated:
    """A device that takes a second to build a kernel, and the time that it is asked for to run."""

    def __init__(self, info: DeviceInfo = CARD, **factors: float) -> None:
        self.info = info
        self.clock = Clock()
        self.factors = factors
        self.tried: list[Shape] = []
        self.refused: dict[Shape, StampmillError] = {}

    def rate(self, shapes: Mapping[int, Shape], versions: int, seconds: float) -> float:
        self.clock.now += 1 + seconds
        shape = shapes[versions]
        assert 1 in shapes, "the proof wants it"
        self.tried.append(shape)
        if shape in self.refused:
            raise self.refused[shape]
        parts = {
            f"width{shape.width}", f"group{shape.group}",
            f"versions{shape.versions}x{shape.copies}", f"ptx{shape.multiply_to_add:d}",
            f"registers{shape.registers}",
        }  # fmt: skip
        return 1e9 * math.prod(self.factors.get(part, 1.0) for part in parts)

    def rate_of_launches(
        self, shapes: Mapping[int, Shape], milliseconds: float, seconds: float
    ) -> float:
        self.clock.now += seconds
        return 2e9 * milliseconds / (milliseconds + 0.3)


def walked(trials: Simulated, budget: float = 1000.0):
    return walk(trials, budget, trials.clock)


def test_the_best_of_each_property_is_found() -> None:
    found = walked(Simulated(width2=1.1, versions4x2=1.2, versions8x1=1.3, group128=1.05))
    assert found.shapes == {
        1: Shape(2, group=128),
        8: Shape(2, 8, 1, group=128),
    }
    assert not found.untried


def test_plain_additions_are_tried_where_ptx_is_usual() -> None:
    assert walked(Simulated(ptx0=1.1, width2=0.8)).shapes[1] == Shape(group=256)
    assert walked(Simulated(ptx1=1.1)).shapes[1] == Shape(group=256, multiply_to_add=True)


@pytest.mark.parametrize(("factor", "registers"), [(1.0, 32), (0.9, 0)])
def test_a_limit_of_registers_is_kept_if_it_is_no_slower(factor: float, registers: int) -> None:
    trials = Simulated(nvidias((9, 0)), registers32=factor)
    assert walked(trials).shapes[1].registers == registers
    assert {shape.registers for shape in trials.tried if shape.versions > 1} == {0}
    assert all(shape.multiply_to_add for shape in trials.tried if shape.registers)


def test_a_cpu_is_tried_with_its_own_widths_and_groups() -> None:
    trials = Simulated(CPU, width8=1.2, group64=1.1)
    assert walked(trials).shapes == {1: Shape(8, group=64, one_by_one=True)}
    assert {shape.width for shape in trials.tried} == {4, 8, 16}


def test_no_kernel_is_tried_twice_nor_one_that_the_device_cannot_have() -> None:
    trials = Simulated(device(max_group=64, handle=None))
    walked(trials)
    assert len(set(trials.tried)) == len(trials.tried)
    assert {shape.group for shape in trials.tried} == {64}


def test_versions_are_shared_only_where_that_is_worth_a_program() -> None:
    assert list(walked(Simulated(versions4x1=1.005)).shapes) == [1]
    assert list(walked(Simulated(versions4x1=1.05)).shapes) == [1, 4]


def test_the_shortest_launch_that_is_fast_enough_is_taken() -> None:
    found = walked(Simulated())
    assert list(found.launches) == list(LAUNCHES)
    assert found.launch_milliseconds == 50.0


def test_the_budget_is_kept_and_what_it_left_undone_is_counted() -> None:
    for budget in (0.1, 5.0, 12.0):
        trials = Simulated()
        begun = trials.clock.now
        found = walked(trials, budget)
        assert trials.clock.now - begun < budget + 2.5
        assert found.untried
        assert set(shapes_of(CARD).values()) <= set(found.rates), "the usual in any case"
        assert found.launch_milliseconds or budget < 1


def test_what_is_wrong_or_does_not_build_is_left_out_and_told(tmp_path: Path) -> None:
    trials = Simulated(width2=9.0, versions2x2=2.0)
    wrong = Shape(2, group=256)
    trials.refused = {wrong: VerificationError("kernel opencl:0 misses nonce 1")}
    lines: list[str] = []
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    found = tune.tune(trials, 1000.0, environ, trials.clock, lines.append)
    assert wrong not in found.walk.shapes.values()
    text = "width 2, group 256 is left out: kernel opencl:0 misses nonce 1"
    assert f"opencl:0 {text}" in lines
    assert text in tune.report([found])


def test_what_was_found_is_what_the_device_then_gets(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    trials = Simulated(versions2x2=1.2, group64=1.1)
    found = tune.tune(trials, 1000.0, environ, trials.clock)
    plan = plan_of(CARD, environ)
    assert plan.shapes == found.walk.shapes == {
        1: Shape(group=64, multiply_to_add=True),
        2: Shape(1, 2, 2, group=64, multiply_to_add=True),
    }  # fmt: skip
    assert plan.seconds == 0.05
    assert plan_of(device(3, name=CARD.name), environ) == plan, "its twin has the same"
    for other in (device(driver="2.0"), device(name="card 9")):
        assert plan_of(other, environ).shapes == shapes_of(other)
    report = tune.report([found])
    assert "*width 1, group 64, 2 versions, second hash twice, inline PTX" in report
    assert "other kernels than usual, launches of 50 ms; remembered in" in report
    (document,) = tune.as_document([found])["devices"]
    assert document["label"] == "opencl:0"
    assert document["order"][0] == label(found.walk.shapes[2])


def test_a_shape_in_the_file_that_cannot_be_is_ignored_with_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    trials = Simulated()
    file = tune.tune(trials, 10.0, environ, trials.clock).file
    file.write_text(file.read_text().replace('"width": 1', '"width": 3'))
    tuning._entry.cache_clear()
    assert plan_of(CARD, environ).shapes == shapes_of(CARD)
    assert "width is one of 1, 2, 4, 8 and 16, not 3" in caplog.text


def test_with_no_kernel_that_works_there_is_nothing_to_remember(tmp_path: Path) -> None:
    trials = Simulated(CPU)
    trials.rate = lambda *_: (_ for _ in ()).throw(NoDeviceError("it does not build"))  # type: ignore[method-assign]
    with pytest.raises(NoDeviceError, match="no kernel works on opencl:0: it does not build"):
        tune.tune(trials, 10.0, {"XDG_CACHE_HOME": str(tmp_path)}, trials.clock)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    trials = Simulated()
    with pytest.raises(StampmillError, match="cannot be remembered"):
        tune.tune(trials, 1.0, {"XDG_CACHE_HOME": str(tmp_path / "file")}, trials.clock)


@needs_a_device
def test_a_stand_proves_before_it_times(monkeypatch: pytest.MonkeyPatch) -> None:
    info, shapes = usable()[0], {1: Shape(4, group=8)}
    stand = Stand(info)
    assert stand.rate(shapes, 1, 0.05) > 1e5
    assert stand.rate_of_launches(shapes, 2.0, 0.05) > 1e5

    def refuse(*_: object) -> None:
        raise VerificationError("kernel opencl:0 misses nonce 1")

    monkeypatch.setattr(gate, "check", refuse)
    with pytest.raises(VerificationError):
        stand.rate(shapes, 1, 0.05)


@needs_a_device
def test_the_command_writes_what_the_host_reads(capsys, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["bench", "tune", "-d", "opencl:0", "--seconds", "0.2", "--json"]) == ExitCode.DONE
    printed = capsys.readouterr()
    (found,) = json.loads(printed.out)["devices"]
    kept = json.loads((tmp_path / "stampmill/tune.json").read_text())["devices"][found["device"]]
    info = usable()[0]
    assert found["device"] == tuning_key(info).name
    assert kept["shapes"] == found["shapes"]
    assert "each kernel is built, checked against hashlib and timed" in printed.err
    assert (
        open_device(info)().launch_seconds
        == (found["launch_milliseconds"] or LAUNCH_SECONDS * 1000) / 1000
    )


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("opencl:99", ExitCode.NO_DEVICE, "no device opencl:99; there are"),
        ("opencl:x", ExitCode.USAGE, "write opencl:0"),
        ("abacus", ExitCode.USAGE, "nothing to tune on 'abacus': say cpu, opencl, opencl:0 or"),
    ],
)
@needs_a_device
def test_a_device_that_is_not_there_is_refused(capsys, name: str, code: int, text: str) -> None:
    assert main(["bench", "tune", "-d", name]) == code
    assert text in capsys.readouterr().err
