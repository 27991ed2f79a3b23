"""How long a device takes to turn to new work, on a clock of its own: it runs one launch at a time.

The clock moves only when all of the device's threads wait for it, so every figure is exact.
"""

import asyncio
import threading
from collections.abc import Callable

import pytest

from stampmill.core.backends.opencl.backend import IN_FLIGHT, OpenClBackend
from stampmill.core.backends.opencl.kernel import Found, Group, OpenClKernel
from stampmill.core.backends.opencl.plans import LAUNCH_SECONDS
from stampmill.core.backends.options import BackendOptions, GpuManners
from tests.core.backends.feeds import RangeFeed

from .simulated import device

RATE = 1e9
OLD, NEW = 0, 1 << 31
"""The first nonces of two jobs: by them a launch shows whose it is."""
STEADY = 12
"""Launches after which all are as long as they are to be."""
PHASES = [(2 * n + 1) / 20 for n in range(10)]
"""How much of the running launch is over when new work comes."""


class QueuedDevice:
    """Runs launches one after the other, each from when the one before has ended."""

    def __init__(self) -> None:
        self.now = 0.0
        self.queued: list[tuple[float, int]] = []
        """Of each launch, when it was queued and its first nonce."""
        self._free_at = 0.0
        self._ends: list[float] = []
        self._changed = threading.Condition()

    def run(self, first: int, nonces: int) -> float:
        """Queue a launch and wait for its end; return how long it ran."""
        seconds = nonces / RATE
        with self._changed:
            end = self._free_at = max(self.now, self._free_at) + seconds
            self.queued.append((self.now, first))
            self._ends.append(end)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.now >= end)
        return seconds

    def end_launch(self) -> None:
        """Move the clock to the end of the running launch, once all threads wait."""
        with self._changed:
            self._all_wait()
            self.now = self._ends.pop(0)
            self._changed.notify_all()

    def wait_within_launch(self, phase: float) -> None:
        """Move the clock into the running launch, once all threads wait."""
        with self._changed:
            self._all_wait()
            self.now += phase * (self._ends[0] - self.now)

    def run_free(self) -> None:
        """Let every launch end at once."""
        with self._changed:
            self.now = self._free_at = float("inf")
            self._changed.notify_all()

    def _all_wait(self) -> None:
        assert self._changed.wait_for(lambda: len(self._ends) == IN_FLIGHT, 30)


class QueueLauncher:
    def __init__(self, card: QueuedDevice) -> None:
        self._card = card

    def run(self, groups: tuple[Group, ...], first: int, last: int) -> Found:
        return Found(0, [], self._card.run(first, last - first + 1))

    def let_go(self) -> None:
        pass


def backend_of(card: QueuedDevice) -> OpenClBackend:
    def opener(info, gate) -> Callable[[], OpenClKernel]:
        return lambda: OpenClKernel(QueueLauncher(card), (1,), LAUNCH_SECONDS, info.label, gate)

    options = BackendOptions(self_test=False, gpu=GpuManners(polite=False))
    return OpenClBackend(options, lambda: (device(),), opener, clock=lambda: card.now)


async def switched(phase: float) -> tuple[float, int]:
    """Return how long the switch took, in launches, and how many launches were stale by then."""
    card = QueuedDevice()
    backend = backend_of(card)
    await backend.open()
    backend.replace(RangeFeed(OLD, NEW, received_at=0.0))
    for _ in range(STEADY):
        await asyncio.to_thread(card.end_launch)
    await asyncio.to_thread(card.wait_within_launch, phase)
    backend.telemetry()
    before = len(card.queued)
    backend.replace(RangeFeed(NEW, received_at=card.now))
    for _ in range(2 * IN_FLIGHT):
        await asyncio.to_thread(card.end_launch)
    stale = [first for _, first in card.queued[before:] if first < NEW]
    (seconds,) = backend.telemetry().job_switches
    card.run_free()
    await backend.close()
    return seconds / LAUNCH_SECONDS, len(stale)


@pytest.fixture(scope="module")
def switches() -> list[tuple[float, int]]:
    return [asyncio.run(switched(phase)) for phase in PHASES]


def test_new_work_waits_for_what_is_in_flight_and_nothing_else(
    switches: list[tuple[float, int]],
) -> None:
    """KERNELS.md has these figures: what is left of one launch, and the one queued behind it."""
    launches = [taken for taken, _ in switches]
    assert launches == pytest.approx([IN_FLIGHT - phase for phase in PHASES], rel=1e-3)
    assert sum(launches) / len(launches) == pytest.approx(1.5, rel=1e-3)


def test_no_launch_of_a_job_is_queued_once_there_is_another(
    switches: list[tuple[float, int]],
) -> None:
    assert [stale for _, stale in switches] == [0] * len(PHASES)
