"""The backend around simulated devices: one that fails, one that does not start, and the rest."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from stampmill.core.backends.base import BackendError
from stampmill.core.backends.opencl import backend as backend_module
from stampmill.core.backends.opencl.backend import IN_FLIGHT, OpenClBackend
from stampmill.core.backends.opencl.gate import Gate
from stampmill.core.backends.opencl.kernel import Found, OpenClKernel
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.options import BackendOptions, GpuManners
from stampmill.core.errors import NoDeviceError
from tests.core.backends.feeds import RangeFeed

from .simulated import SimulatedLauncher, device


class Card(SimulatedLauncher):
    """Takes a millisecond for a launch; breaks when told."""

    broken = False
    running = 0
    most_running = 0
    lock = threading.Lock()

    def run(self, groups, first, last) -> Found:
        with self.lock:
            self.running += 1
            self.most_running = max(self.running, self.most_running)
        time.sleep(0.001)
        with self.lock:
            self.running -= 1
        if self.broken:
            raise BackendError("opencl:0 card 0: clWaitForEvents failed: DEVICE_NOT_AVAILABLE")
        return super().run(groups, first, last)


def backend_of(*cards: Card | Exception, kernel: str | None = None) -> OpenClBackend:
    def opener(info: DeviceInfo, gate: Gate):
        card = cards[info.index]
        if isinstance(card, Exception):
            raise card
        return lambda: OpenClKernel(card, (2,), 0.01, info.label, gate)

    infos = tuple(device(index) for index in range(len(cards)))
    options = BackendOptions(self_test=False, kernel=kernel, intensity=10)
    return OpenClBackend(options, lambda: infos, opener)


def hashes(backend: OpenClBackend) -> dict[str, int]:
    return backend.telemetry().hashes


async def grows(backend: OpenClBackend, name: str) -> bool:
    before = hashes(backend)[name]
    deadline = time.monotonic() + 5
    return await asyncio.to_thread(_wait, lambda: hashes(backend)[name] > before, deadline)


def _wait(condition: Callable[[], bool], deadline: float) -> bool:
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.002)
    return condition()


def test_a_device_has_two_launches_in_flight() -> None:
    async def run() -> None:
        card = Card()
        backend = backend_of(card)
        await backend.open()
        backend.replace(RangeFeed())
        deadline = time.monotonic() + 5
        assert await asyncio.to_thread(_wait, lambda: card.most_running == IN_FLIGHT, deadline)
        assert await grows(backend, "opencl:0")
        await backend.close()
        assert card.most_running == IN_FLIGHT

    asyncio.run(run())


def test_devices_share_a_job_without_doing_anything_twice() -> None:
    async def run() -> None:
        cards = Card(), Card()
        backend = backend_of(*cards)
        await backend.open()
        assert backend.capabilities().kernel == "opencl:0,1"
        assert backend.capabilities().devices == ("opencl:0", "opencl:1")
        backend.replace(RangeFeed())
        assert await grows(backend, "opencl:0")
        assert await grows(backend, "opencl:1")
        await backend.close()
        ranges = sorted(cards[0].launches + cards[1].launches)
        assert all(before[1] < after[0] for before, after in pairwise(ranges))
        assert sum(hashes(backend).values()) == sum(last - first + 1 for first, last in ranges)

    asyncio.run(run())


def test_a_device_that_fails_is_left_and_reported_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        cards = Card(), Card()
        backend = backend_of(*cards)
        await backend.open()
        backend.replace(RangeFeed())
        assert await grows(backend, "opencl:0")
        cards[0].broken = True
        threads = [each for each in backend._threads if each.device == "opencl:0"]
        await asyncio.to_thread(lambda: [thread.join() for thread in threads])
        assert not cards[0].held, "what it had of the device is freed"
        launched = len(cards[0].launches)
        feed = RangeFeed(1 << 30)
        backend.replace(feed)
        # Who takes a piece by itself has begun on the one that the loop had cut for it.
        begun = len({threading.main_thread().ident}) + IN_FLIGHT
        assert await feed.reaches(lambda feed: len(feed.takers) == begun)
        assert len(cards[0].launches) == launched
        assert backend.telemetry().job_switches, "a job counts as begun without the dead"
        cards[1].broken = True
        with pytest.raises(BackendError, match="DEVICE_NOT_AVAILABLE"):
            async for _ in backend.nonces():
                pass
        await backend.close()

    with caplog.at_level(logging.ERROR, "stampmill.backends"):
        asyncio.run(run())
    assert "device left: device=opencl:0" in caplog.text


def test_a_device_that_does_not_start_leaves_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        backend = backend_of(NoDeviceError("opencl:0 card 0: the kernel does not build"), Card())
        await backend.open()
        assert backend.capabilities().devices == ("opencl:1",)
        await backend.close()

    asyncio.run(run())
    assert "device not used: device=opencl:0" in caplog.text


def test_with_no_device_left_the_first_reason_is_raised() -> None:
    backend = backend_of(NoDeviceError("first"), NoDeviceError("second"))
    with pytest.raises(NoDeviceError, match="first"):
        asyncio.run(backend.open())


def test_only_the_devices_asked_for_are_opened() -> None:
    async def run() -> None:
        backend = backend_of(Exception("not asked for"), Card(), kernel="opencl:1")
        await backend.open()
        assert backend.capabilities().devices == ("opencl:1",)
        await backend.close()

    asyncio.run(run())


@pytest.mark.parametrize("versions", [1, 2])
def test_a_new_job_waits_for_what_is_in_flight_alone(versions: int) -> None:
    async def run() -> None:
        card = Card(rate=1e9)
        backend = backend_of(card)
        await backend.open()
        old = RangeFeed(versions=tuple(range(1, versions + 1)))
        backend.replace(old)
        assert await grows(backend, "opencl:0")
        backend.replace(RangeFeed(1 << 31))
        taken, launched = len(old.taken), len(card.launches)
        assert await grows(backend, "opencl:0")
        await asyncio.sleep(0.01)
        await backend.close()
        stale = [first for first, _ in card.launches[launched:] if first < 1 << 31]
        assert len(stale) <= IN_FLIGHT
        assert len(old.taken) <= taken + IN_FLIGHT

    asyncio.run(run())


@pytest.mark.parametrize("slow", [True, False])
def test_a_device_that_takes_long_to_build_is_told(
    slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend_module, "SLOW_SECONDS", 0.002 if slow else 60.0)
    told: list[str] = []
    heard = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        heard.set()

    def opener(info: DeviceInfo, gate: Gate) -> Callable[[], OpenClKernel]:
        if slow:
            assert heard.wait(5)
        return lambda: OpenClKernel(Card(), (1,), 0.01, info.label, gate)

    async def run() -> None:
        options = BackendOptions(self_test=False, gpu=GpuManners(polite=False), tell=tell)
        backend = OpenClBackend(options, lambda: (device(),), opener)
        await backend.open()
        await backend.close()

    asyncio.run(run())
    line = "building kernels for opencl:0 card 0; the next start finds them ready"
    assert told == ([line] if slow else [])
