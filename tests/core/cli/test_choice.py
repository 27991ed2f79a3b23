import re

import pytest

from stampmill.core.backends.asic.link import discovery
from stampmill.core.backends.options import BackendOptions, CpuPriority, GpuManners
from stampmill.core.backends.registry import Choice
from stampmill.core.cli.choice import choose_backends
from stampmill.core.errors import StampmillError
from stampmill.core.settings import AsicSettings, GpuSettings, MineSettings


def test_devices_of_one_backend_are_one_choice() -> None:
    settings = MineSettings(devices=("opencl:2", "cpu", "opencl:0"), threads=3)
    assert choose_backends(settings) == (
        Choice("opencl", BackendOptions(3, kernel="opencl:2,0")),
        Choice("cpu", BackendOptions(3)),
    )


def test_a_backend_alone_is_all_its_devices() -> None:
    assert choose_backends(MineSettings(devices=("opencl",))) == (
        Choice("opencl", BackendOptions()),
    )


@pytest.mark.parametrize(
    ("said", "milliseconds"), [("interactive", 10), ("dedicated", 100), ("12.5", 12.5)]
)
def test_intensity_is_a_preset_or_milliseconds(said: str, milliseconds: float) -> None:
    (chosen,) = choose_backends(MineSettings(backend="opencl", intensity=said))
    assert chosen.options.intensity == milliseconds


def test_each_board_is_a_choice_of_its_own_beside_others() -> None:
    asic = AsicSettings(mhz=500.0)
    devices = ("asic:/dev/ttyUSB0", "cpu", "asic:socket://rig:4000", "asic:/dev/ttyUSB0")
    settings = MineSettings(devices=devices, kernel="portable", asic=asic)
    assert choose_backends(settings) == (
        Choice("asic", BackendOptions(port="/dev/ttyUSB0", asic=asic)),
        Choice("asic", BackendOptions(port="socket://rig:4000", asic=asic)),
        Choice("cpu", BackendOptions(kernel="portable")),
    )


def test_boards_without_a_name_are_all_that_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "names_here", lambda: ("b1", "/dev/ttyACM3"))
    assert choose_backends(MineSettings(devices=("asic",))) == (
        Choice("asic", BackendOptions(port="b1")),
        Choice("asic", BackendOptions(port="/dev/ttyACM3")),
    )


BAD = [
    ({"devices": ("asic", "asic:/dev/ttyUSB0")}, "say asic, or asic:PATH for some"),
    ({"devices": ("cpu",), "backend": "cpu"}, "device and backend: say one of them"),
    ({"devices": ("opencl:x",)}, "no device 'opencl:x': write opencl:0"),
    ({"devices": ("opencl", "opencl:1")}, "say opencl, or opencl:N"),
    ({"devices": ("opencl:1",), "kernel": "avx2"}, "kernel 'avx2' and device 'opencl:1': say one"),
    ({"intensity": "much"}, "'much' is neither milliseconds nor interactive, dedicated"),
    ({"intensity": "0"}, "intensity: 0 is not 1 .. 1000 ms"),
    ({"gpu": GpuSettings(temperature_limit=500)}, "gpu-temp-limit: 500 is not 30 .. 120 C"),
    ({"intensity": "nan"}, "intensity: nan is not 1 .. 1000 ms"),
]


@pytest.mark.parametrize(("said", "text"), BAD)
def test_what_contradicts_itself_is_refused(said: dict[str, object], text: str) -> None:
    with pytest.raises(StampmillError, match=re.escape(text)):
        choose_backends(MineSettings(**said))  # type: ignore[arg-type]


def test_the_priority_reaches_every_backend() -> None:
    chosen = choose_backends(MineSettings(devices=("cpu", "numba"), cpu_priority="normal"))
    assert [one.options.cpu_priority for one in chosen] == [CpuPriority.NORMAL] * 2
    (chosen_here,) = choose_backends(MineSettings(backend="cpu"))
    assert chosen_here.options.cpu_priority is CpuPriority.IDLE


def test_manners_reach_every_backend() -> None:
    said = GpuSettings(polite=False, temperature_limit=80, power_limit=250, resume_delay=5)
    (chosen,) = choose_backends(MineSettings(devices=("opencl",), gpu=said))
    assert chosen.options.gpu == GpuManners(False, 80, 250, 5)
    (chosen,) = choose_backends(MineSettings(devices=("opencl",)))
    assert chosen.options.gpu == GpuManners(True, None, None, 60.0)
