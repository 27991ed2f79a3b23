"""What a device has of us is freed when it rests, and had again when it goes on."""

import asyncio
import threading
import time

import pytest

from stampmill.core.backends.base import BackendError
from stampmill.core.backends.opencl.backend import OpenClBackend, driver, open_device
from stampmill.core.backends.opencl.device import OpenDevice
from stampmill.core.backends.opencl.gate import Gate
from stampmill.core.backends.opencl.kernel import Group, OpenClKernel
from stampmill.core.backends.opencl.launcher import DeviceLauncher
from stampmill.core.backends.opencl.watcher import Watcher
from stampmill.core.backends.options import BackendOptions
from stampmill.core.scan import CancelWord, ScanRequest, ScanStatus
from stampmill.core.selftest import expected_hits, scan_whole
from stampmill.kernels.opencl.code import Shape
from tests.core.backends.feeds import RangeFeed
from tests.core.kernel_contract import random_header

from .cards import needs_a_device, usable
from .simulated import DriverError, SimulatedLauncher, device, driver_with

SHAPES = {1: Shape(16, group=8)}
REQUEST = ScanRequest(random_header(5), (1,), 0, 3000, 1 << 250)


@needs_a_device
def test_neither_buffer_nor_queue_nor_program_nor_context_is_left() -> None:
    opened = OpenDevice(driver(), usable()[0], SHAPES)
    launchers = [DeviceLauncher(opened) for _ in range(2)]
    kernels = [OpenClKernel(each, (1,), 0.01, "opencl:0") for each in launchers]
    for _ in range(2):
        assert [scan_whole(each, REQUEST) for each in kernels] == 2 * [expected_hits(REQUEST)]
        context = opened.take().context
        program = next(iter(opened.take().programs.values()))[1]
        assert context.reference_count > 2, "queues, buffers and programs hold it"
        opened.give_back()
        opened.give_back()
        for each in kernels:
            each.let_go()
            each.let_go()
        assert program.reference_count == 1, "this test's own"
        del program
        assert context.reference_count == 1, "this test's own"


@needs_a_device
def test_the_first_to_let_go_leaves_the_other_at_work() -> None:
    new_kernel = open_device(usable()[0], seconds=0.01, shapes=SHAPES)
    one, other = new_kernel(), new_kernel()
    one.let_go()
    assert scan_whole(other, REQUEST) == expected_hits(REQUEST)
    assert scan_whole(one, REQUEST) == expected_hits(REQUEST)


class Slow(SimulatedLauncher):
    def run(self, groups, first, last):
        time.sleep(0.001)
        return super().run(groups, first, last)


def scanning(kernel: OpenClKernel, cancel: CancelWord) -> tuple[threading.Thread, list]:
    results: list = []
    request = ScanRequest(bytes(76), (1,), 0, 1 << 32, 0)
    thread = threading.Thread(target=lambda: results.append(kernel.scan(request, cancel)))
    thread.start()
    return thread, results


def until(condition) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.002)
    return condition()


def test_a_closed_gate_stops_a_scan_after_its_launch_and_an_open_one_lets_it_go_on() -> None:
    launcher, gate, cancel = Slow(rate=1e9), Gate(), CancelWord()
    thread, results = scanning(OpenClKernel(launcher, (1,), 0.001, "opencl:0", gate), cancel)
    assert until(lambda: len(launcher.launches) > 2)
    gate.close()
    launched = len(launcher.launches)
    assert until(lambda: not launcher.held)
    assert len(launcher.launches) <= launched + 1
    gate.open()
    assert until(lambda: len(launcher.launches) > launched + 2)
    cancel.set()
    thread.join()
    ((status, _, next_nonce, _),) = results
    assert status is ScanStatus.CANCELLED
    assert next_nonce == launcher.launches[-1][1] + 1
    starts = [first for first, _ in launcher.launches]
    assert starts == [0, *(last + 1 for _, last in launcher.launches[:-1])], "nothing is skipped"


def test_a_scan_at_a_closed_gate_can_be_cancelled() -> None:
    launcher, gate, cancel = Slow(), Gate(), CancelWord()
    gate.close()
    thread, results = scanning(OpenClKernel(launcher, (1,), 0.001, "opencl:0", gate), cancel)
    cancel.set()
    thread.join(5)
    assert results[0].status is ScanStatus.CANCELLED
    assert not launcher.launches


def test_a_backend_without_work_holds_nothing_of_its_device() -> None:
    async def run() -> None:
        card = Slow()
        backend = OpenClBackend(
            BackendOptions(self_test=False),
            lambda: (device(),),
            lambda info, gate: lambda: OpenClKernel(card, (1,), 0.001, info.label, gate),
            lambda *_: Watcher([], print),
        )
        await backend.open()
        for _ in range(2):
            backend.replace(RangeFeed())
            assert await asyncio.to_thread(until, lambda: card.held)
            backend.idle()
            assert await asyncio.to_thread(until, lambda: not card.held)
        backend.replace(RangeFeed())
        assert await asyncio.to_thread(until, lambda: card.held)
        await backend.close()
        assert not card.held

    asyncio.run(run())


@needs_a_device
def test_a_real_backend_frees_its_device_at_rest_and_mines_on() -> None:
    async def run() -> None:
        backend = OpenClBackend(BackendOptions(self_test=False, intensity=10))
        await backend.open()
        launchers = [kernel._launcher for kernel in backend._kernels]
        for _ in range(2):
            feed = RangeFeed()
            backend.replace(feed)
            assert await feed.reaches(lambda feed: len(feed.taken) > 6)
            assert all(launcher._held for launcher in launchers)
            backend.idle()
            assert await asyncio.to_thread(
                until, lambda: not any(launcher._held for launcher in launchers)
            )
        await backend.close()

    asyncio.run(run())


def test_a_device_that_cannot_be_had_again_is_named() -> None:
    cl = driver_with()

    def no_context(_devices) -> None:
        raise DriverError("clCreateContext failed: OUT_OF_HOST_MEMORY")

    cl.Context = no_context
    launcher = DeviceLauncher(OpenDevice(cl, device(), SHAPES))
    with pytest.raises(BackendError, match="opencl:0 card 0: clCreateContext failed: OUT_OF"):
        launcher.run((Group(1, 0, b""),), 0, 1)
