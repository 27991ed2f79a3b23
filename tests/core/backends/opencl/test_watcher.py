"""A fake NVML, real gates: who is watched, and what becomes of a device that others want."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from stampmill.core.backends.opencl import nvml as nvml_module
from stampmill.core.backends.opencl import watcher as watcher_module
from stampmill.core.backends.opencl.backend import OpenClBackend
from stampmill.core.backends.opencl.gate import Gate
from stampmill.core.backends.opencl.kernel import OpenClKernel
from stampmill.core.backends.opencl.watcher import Watcher, watcher_of
from stampmill.core.backends.options import BackendOptions, GpuManners
from stampmill.core.errors import MissingExtraError
from tests.core.backends.feeds import RangeFeed
from tests.core.fakes import Clock

from .fake_nvml import FakeNvml
from .simulated import device
from .test_letting_go import Slow, until

HANDLE = SimpleNamespace(pci_bus_id_nv=3, pci_slot_id_nv=0, max_compute_units=2)
CARD = device(handle=HANDLE)
POCL = device(1, platform="Portable Computing Language", is_gpu=False)
ARC = device(2, platform="Intel(R) OpenCL Graphics")


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    monkeypatch.setattr(nvml_module, "has_the_hosts_pids", lambda: True)
    return FakeNvml()


def watching(nvml: FakeNvml, manners: GpuManners, *infos) -> tuple[Watcher, list[Gate], list[str]]:
    gates, told = [Gate() for _ in infos], []
    pairs = list(zip(infos, gates, strict=True))
    watcher = watcher_of(pairs, manners, told.append, lambda: nvml)
    watcher._clock = Clock()
    return watcher, gates, told


def test_a_gate_is_closed_and_opened_with_a_line_each(nvml: FakeNvml) -> None:
    watcher, (gate,), told = watching(nvml, GpuManners(resume_delay=10), CARD)
    watcher.look()
    assert gate.is_open
    nvml.computing = {77: "/opt/train"}
    for _ in range(2):
        watcher.look()
        assert not gate.is_open
    nvml.computing = {}
    watcher._clock.now += 10
    watcher.look()
    assert gate.is_open
    assert told == [
        "opencl:0 rests: another process uses it: train (77)",
        "opencl:0 works again",
    ]


def test_a_card_that_is_lost_is_watched_no_more_and_not_held_back(nvml: FakeNvml) -> None:
    watcher, (gate,), told = watching(nvml, GpuManners(temperature_limit=80), CARD)
    nvml.temperature = 90
    watcher.look()
    assert not gate.is_open
    nvml.lost = True
    for _ in range(2):
        watcher.look()
        assert gate.is_open
    assert told[1:] == [
        "opencl:0 is watched no more: NVML: GPU is lost",
        "opencl:0 works again",
    ]


@pytest.mark.parametrize(
    ("manners", "lines"),
    [
        (GpuManners(), ["opencl:2 is not watched: NVML knows NVIDIA's devices only"]),
        (
            GpuManners(polite=False, power_limit=100),
            [f"opencl:{i} is not watched: NVML knows NVIDIA's devices only" for i in (1, 2)],
        ),
        (GpuManners(polite=False), []),
    ],
)
def test_a_device_that_cannot_be_watched_is_a_line(
    nvml: FakeNvml, manners: GpuManners, lines: list[str]
) -> None:
    watcher, gates, told = watching(nvml, manners, CARD, POCL, ARC)
    watcher.look()
    assert told == lines
    assert all(gate.is_open for gate in gates)


def test_without_the_extra_a_line_names_it_and_mining_goes_on() -> None:
    def missing() -> None:
        raise MissingExtraError("watching a GPU", "gpu")

    told: list[str] = []
    watcher_of([(CARD, Gate())], GpuManners(), told.append, missing).look()
    assert told == [
        "opencl:0 is not watched: watching a GPU needs the extra 'gpu': "
        "pip install 'stampmill[gpu]'"
    ]


def test_in_a_container_a_line_says_what_is_not_seen(
    nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvml_module, "has_the_hosts_pids", lambda: False)
    _, _, told = watching(nvml, GpuManners(), CARD)
    assert told == ["opencl:0: in a container other processes cannot be told from this one"]


def test_a_whole_backend_stops_frees_its_card_and_goes_on(
    nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "LOOK_SECONDS", 0.002)
    told: list[str] = []
    rested = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        rested.set()

    async def run() -> None:
        cards: list[Slow] = []

        def new_kernel(info, gate) -> OpenClKernel:
            cards.append(Slow())
            return OpenClKernel(cards[-1], (1,), 0.001, info.label, gate)

        def launches() -> list[tuple[int, int]]:
            return [launch for card in cards for launch in card.launches]

        backend = OpenClBackend(
            BackendOptions(self_test=False, gpu=GpuManners(resume_delay=0.01), tell=tell),
            lambda: (CARD,),
            lambda info, gate: lambda: new_kernel(info, gate),
            lambda gates, manners, tell: watcher_of(gates, manners, tell, lambda: nvml),
        )
        await backend.open()
        backend.replace(RangeFeed())
        assert await asyncio.to_thread(until, lambda: all(card.held for card in cards))
        nvml.computing = {77: "train"}
        nvml.refused = {"loads"}
        assert await asyncio.to_thread(rested.wait, 5)
        assert await asyncio.to_thread(until, lambda: not any(card.held for card in cards))
        assert backend.telemetry().resting == {"opencl:0"}
        before = launches()
        backend.replace(RangeFeed(1 << 30))
        await asyncio.sleep(0.1)
        assert launches() == before, "a new job is no reason to go on"
        nvml.computing = {}
        assert await asyncio.to_thread(until, lambda: launches() != before)
        later = set(launches()) - set(before)
        assert all(first >= 1 << 30 for first, _ in later), "the old job is not gone on with"
        assert not backend.telemetry().resting
        await backend.close()
        assert not backend._watcher._thread.is_alive()
        assert told[-1] == "opencl:0 works again"

    asyncio.run(run())
