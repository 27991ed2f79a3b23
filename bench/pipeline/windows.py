"""Stretches of hashing on all pinned CPUs: by the full miner, and by the kernel alone."""

import asyncio
import threading
import time
from dataclasses import dataclass

from stampmill.bench import gate
from stampmill.bench.processes.holdings import WaitClock
from stampmill.core.backends.options import BackendOptions, CpuPriority
from stampmill.core.backends.placement import Placement, place, take_place
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.job_source import FixedJobSource
from stampmill.core.miner import Miner
from stampmill.core.scan import NONCE_SPACE, CancelWord, Kernel, ScanRequest, ScanResult

_BIP320_MASK = 0x1FFFE000
_SETTLE_SECONDS = 0.1
"""What the loop does to begin with is the start's cost, not the run's."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of hashing by some threads; all seconds are sums over them.

    From each thread's first scan to the end of its last it is `seconds`, of which `kernel_seconds`
    of CPU time were spent in the kernel, and `waited` on a CPU that ran something else.
    `loop_share` is how much of one CPU the main thread used, which hashes nothing.
    """

    threads: int
    hashes: int
    seconds: float
    kernel_seconds: float
    waited: float
    loop_share: float = 0.0

    @property
    def clock_rate(self) -> float:
        """Hashes per second on the clock."""
        return self.hashes * self.threads / self.seconds

    @property
    def rate(self) -> float:
        """Hashes per second of the time that other processes left us."""
        return self.hashes * self.threads / self._left

    @property
    def kernel_share(self) -> float:
        """How much of the time that other processes left us was spent in the kernel."""
        return self.kernel_seconds / self._left

    @property
    def _left(self) -> float:
        # What a thread waited for was another process or our own loop, and that is our cost.
        loop_seconds = self.loop_share * self.seconds / self.threads
        return self.seconds - max(self.waited - loop_seconds, 0.0)


def of_miner(
    kernel: Kernel, seconds: float, share_target: int, priority: CpuPriority = CpuPriority.IDLE
) -> Window:
    """Run the miner for a while on a fixed job with rolled versions."""
    watched = _Watched(kernel)
    loop_share = asyncio.run(_mine(watched, seconds, share_target, priority))
    return _window(watched, loop_share)


def of_bare_kernel(
    kernel: Kernel, seconds: float, priority: CpuPriority = CpuPriority.IDLE
) -> Window:
    """Run the kernel on the same CPUs for a while, one scan without end on each."""
    watched = _Watched(kernel)
    places = place(None, pinned=True, gives_way=priority is CpuPriority.IDLE)
    scans = [_BareScan(watched, placement) for placement in places]
    for scan in scans:
        scan.start()
    time.sleep(seconds)
    for scan in scans:
        scan.cancel.set()
    for scan in scans:
        scan.join()
    return _window(watched)


async def _mine(kernel: Kernel, seconds: float, share_target: int, priority: CpuPriority) -> float:
    """Return how much of a CPU the event loop used once it had settled."""
    options = BackendOptions(self_test=False, cpu_priority=priority)
    backend = ScannerBackend(kernel.name, lambda: kernel, options)
    miner = Miner(FixedJobSource(share_target, _BIP320_MASK), [backend])
    run = asyncio.create_task(miner.run())
    settle = min(_SETTLE_SECONDS, seconds / 2)
    await asyncio.sleep(settle)
    used, begun = time.thread_time(), time.perf_counter()
    await asyncio.sleep(seconds - settle)
    share = (time.thread_time() - used) / (time.perf_counter() - begun)
    miner.stop()
    await run
    return share


class _Log:
    """What one thread did in a kernel, from its first scan to the end of its last."""

    def __init__(self) -> None:
        self.kernel_seconds = 0.0
        self.hashes = 0
        self._clock = WaitClock()
        self._waited_before = self.waited_after = self._clock.read()
        self.begun = self.ended = time.perf_counter()

    def add(self, kernel_seconds: float, hashes: int) -> None:
        self.kernel_seconds += kernel_seconds
        self.hashes += hashes
        self.waited_after = self._clock.read()
        self.ended = time.perf_counter()

    def close(self) -> None:
        self._clock.close()

    @property
    def seconds(self) -> float:
        return self.ended - self.begun

    @property
    def waited(self) -> float:
        return self.waited_after - self._waited_before


class _Watched:
    """A kernel that keeps a log of each thread; it costs some microseconds a scan."""

    def __init__(self, kernel: Kernel) -> None:
        self.name = kernel.name
        self.description = kernel.description
        self.lanes = kernel.lanes
        self.max_versions = kernel.max_versions
        self.logs: dict[int, _Log] = {}
        self._kernel = kernel

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        thread = threading.get_ident()
        if thread not in self.logs:
            self.logs[thread] = _Log()
        before = time.thread_time()
        result = self._kernel.scan(request, cancel)
        spent = time.thread_time() - before
        nonces = result.next_nonce - request.first
        hashes = nonces * len(request.versions) + result.next_version - request.first_version
        self.logs[thread].add(spent, hashes)
        return result


class _BareScan(threading.Thread):
    """The kernel on one CPU."""

    def __init__(self, kernel: Kernel, placement: Placement) -> None:
        super().__init__(daemon=True)
        self.cancel = CancelWord()
        self._kernel = kernel
        self._placement = placement

    def run(self) -> None:
        take_place(self._placement)
        versions = gate.versions(self._kernel.max_versions)
        request = ScanRequest(gate.PREFIX, versions, 0, NONCE_SPACE, 0)
        while not self.cancel.is_set():
            self._kernel.scan(request, self.cancel)


def _window(watched: _Watched, loop_share: float = 0.0) -> Window:
    logs = watched.logs.values()
    for log in logs:
        log.close()
    return Window(
        threads=len(logs),
        hashes=sum(log.hashes for log in logs),
        seconds=sum(log.seconds for log in logs),
        kernel_seconds=sum(log.kernel_seconds for log in logs),
        waited=sum(log.waited for log in logs),
        loop_share=loop_share,
    )
