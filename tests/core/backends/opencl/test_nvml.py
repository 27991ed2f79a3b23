import inspect
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stampmill.core.backends.opencl.nvml import (
    Card,
    Draw,
    Process,
    Reading,
    has_the_hosts_pids,
    load_nvml,
)
from stampmill.core.errors import MissingExtraError, NoDeviceError

from .fake_nvml import FakeNvml
from .simulated import device

US = 4711
HANDLE = SimpleNamespace(pci_bus_id_nv=3, pci_slot_id_nv=0)


def card_of(nvml: FakeNvml, **handle: Any) -> Card:
    info = device(handle=SimpleNamespace(**(vars(HANDLE) | handle)))
    return Card(nvml, info, US, sees_processes=True)


def test_the_fake_has_the_names_arguments_and_errors_of_the_real_module() -> None:
    real = pytest.importorskip("pynvml", reason="nvidia-ml-py, of the extra gpu, is not installed")
    for name in (each for each in dir(FakeNvml) if each.startswith(("nvml", "NVML"))):
        fake, there = getattr(FakeNvml, name), getattr(real, name)
        if inspect.isclass(fake):
            assert issubclass(there, real.NVMLError)
        elif callable(fake):
            ours = list(inspect.signature(fake).parameters)[1:]
            theirs = inspect.signature(inspect.unwrap(there)).parameters
            needed = [key for key, each in theirs.items() if each.default is each.empty]
            assert len(needed) == len(ours), name
        else:
            assert fake == there


def test_without_the_module_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(MissingExtraError, match="watching a GPU needs the extra 'gpu'"):
        load_nvml()


def test_a_library_that_does_not_work_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert load_nvml() is nvml
    nvml.works = False
    with pytest.raises(NoDeviceError, match="NVML does not work: NVML Shared Library Not Found"):
        load_nvml()


def test_reads_everything_of_a_card_but_ourselves() -> None:
    nvml = FakeNvml()
    nvml.computing = {US: "/usr/bin/stampmill", 10: "/usr/bin/python3", 11: "idle"}
    nvml.drawing = {11: "idle", 12: "/usr/lib/xorg/Xorg"}
    nvml.samples = [(US, 99, 5), (10, 3, 5), (10, 40, 6), (12, 1, 6)]
    nvml.load = 99
    assert card_of(nvml).read() == Reading(
        (
            Process(11, "idle", True, 0),
            Process(12, "Xorg", False, 1),
            Process(10, "python3", True, 40),
        ),
        99, 40.0, 50.0, 8 << 30,
    )  # fmt: skip


def test_samples_count_once() -> None:
    nvml = FakeNvml()
    nvml.computing = {10: "python3"}
    nvml.samples = [(10, 40, 6)]
    card = card_of(nvml)
    assert [card.read().others[0].load for _ in range(2)] == [40, 0]
    nvml.samples.append((10, 7, 9))
    assert card.read().others[0].load == 7


def test_what_a_card_does_not_tell_is_none() -> None:
    nvml = FakeNvml()
    nvml.computing = {10: "python3"}
    nvml.refused = {"temperature", "power", "memory", "load", "loads", "names"}
    assert card_of(nvml).read() == Reading((Process(10, "", True, None),), *4 * [None])
    nvml.refused.add("processes")
    assert card_of(nvml).read().others == ()


def test_a_lost_card_is_said() -> None:
    nvml = FakeNvml()
    card = card_of(nvml)
    nvml.lost = True
    with pytest.raises(NoDeviceError, match="NVML: GPU is lost"):
        card.read()


def test_a_card_that_nvml_does_not_know_is_said() -> None:
    with pytest.raises(NoDeviceError, match="NVML does not know it: Not Found"):
        card_of(FakeNvml(), pci_bus_id_nv=4)
    with pytest.raises(NoDeviceError, match="NVIDIA CUDA names no PCI address"):
        Card(FakeNvml(), device(), US)


def test_in_a_container_no_process_is_looked_at(tmp_path: Path) -> None:
    assert has_the_hosts_pids(tmp_path / "no such link")
    link = tmp_path / "pid"
    link.symlink_to("pid:[4026531836]")
    assert has_the_hosts_pids(link)
    link.unlink()
    link.symlink_to("pid:[4026532000]")
    assert not has_the_hosts_pids(link)
    nvml = FakeNvml()
    nvml.computing = {1: "ours, under the host's number"}
    card = Card(nvml, device(handle=HANDLE), US, sees_processes=False)
    assert card.read().others is None


def test_what_a_card_takes_is_asked_for_alone() -> None:
    nvml = FakeNvml()
    nvml.refused = {"processes", "loads", "load", "memory"}
    assert card_of(nvml).draw() == Draw(1000.0, 50.0, 40.0)
    nvml.refused = {"energy", "power", "temperature"}
    assert card_of(nvml).draw() == Draw(None, None, None)
    nvml.lost = True
    with pytest.raises(NoDeviceError):
        card_of(nvml).draw()
