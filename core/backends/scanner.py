"""The one adaptor between a kernel and the Backend protocol: a thread for each CPU."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from stampmill.core.backends.base import BackendError, Capabilities, Telemetry, WorkFeed
from stampmill.core.backends.bell import Bell
from stampmill.core.backends.exchange import Assignment, Exchange
from stampmill.core.backends.options import BackendOptions, CpuPriority
from stampmill.core.backends.placement import Placement, place
from stampmill.core.backends.threads import CAPACITY, STEP_SECONDS, ScanThread
from stampmill.core.errors import StampmillError
from stampmill.core.job import Nonce
from stampmill.core.scan import Kernel
from stampmill.core.selftest import prove

STOP_SECONDS = 5.0
"""A kernel that has not come back after this long never will."""


class Seat(NamedTuple):
    """One thread to be: its place, its kernel, and how long it scans at a time."""

    placement: Placement
    kernel: Kernel
    step_seconds: float = STEP_SECONDS


class ScannerBackend:
    """Runs a kernel on every usable CPU.

    `load` returns the kernel, compiled and ready; it runs off the loop, in `open`. `clock` is
    monotonic seconds on the scale of the feeds' `received_at`; a kernel that relays reads its own.
    `capacity` is how many of a thread's nonces may wait for the loop before it pauses. Unless the
    options say otherwise, threads `give_way` to everything else on their CPU, which a kernel must
    not that holds the interpreter: the loop would wait for a thread that waits for the CPU.
    """

    independent = False
    """Whether a thread that breaks leaves the others at work."""

    def __init__(
        self,
        name: str,
        load: Callable[[], Kernel],
        options: BackendOptions | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        capacity: int = CAPACITY,
        give_way: bool = True,
    ) -> None:
        self.name = name
        self._load = load
        self._options = options or BackendOptions()
        self._clock = clock
        self._capacity = capacity
        self._give_way = give_way
        self._capabilities: Capabilities | None = None
        self._exchange: Exchange | None = None
        self._bell: Bell | None = None
        self._threads: tuple[ScanThread, ...] = ()
        self._found: deque[Nonce] = deque()
        self._news = asyncio.Event()
        self._gone = asyncio.Event()

    async def open(self) -> None:
        """Load and test the kernel, start the threads; raise NoDeviceError or VerificationError."""
        if self._exchange is not None:
            raise BackendError(f"backend {self.name} was opened before")
        self._start(await asyncio.to_thread(self._crew))

    def capabilities(self) -> Capabilities:
        """Return the kernel's name and a device for each thread."""
        if self._capabilities is None:
            raise BackendError(f"backend {self.name} is not open")
        return self._capabilities

    def update(self, feed: WorkFeed) -> None:
        """Go over to new work at once: late nonces are reported either way."""
        self._assign(feed)

    def replace(self, feed: WorkFeed) -> None:
        """Go over to new work at once."""
        self._assign(feed)

    def idle(self) -> None:
        """Stop working until the next update or replace."""
        self._opened().assign(None)

    async def nonces(self) -> AsyncIterator[Nonce]:
        """Yield what is found; raise BackendError when a thread broke."""
        exchange = self._opened()
        while True:
            self._news.clear()
            over = not exchange.active
            for thread in self._threads:
                self._found.extend(thread.collect())
            exchange.made_room()
            while self._found:
                yield self._found.popleft()
            if over:
                break
            await self._news.wait()
        self._raise(exchange.error)

    def telemetry(self) -> Telemetry:
        """Return each thread's hashes, and the job switches since the last call."""
        if self._exchange is None:
            return Telemetry({})
        hashes = dict.fromkeys(self.capabilities().devices, 0)
        for thread in self._threads:
            hashes[thread.device] += thread.hashes
        return Telemetry(hashes, *self._exchange.switches.read())

    async def close(self) -> None:
        """Send the threads home; raise BackendError if one does not come."""
        if self._exchange is None:
            return
        self._exchange.close()
        try:
            await asyncio.wait_for(self._gone.wait(), STOP_SECONDS)
        except TimeoutError:
            raise BackendError(
                f"kernel {self.capabilities().kernel} did not stop within {STOP_SECONDS:g} s"
            ) from None
        for thread in self._threads:
            thread.join()
        if self._bell is not None:
            self._bell.close()

    def _crew(self) -> list[Seat]:
        """Return who is to work, off the loop: here one kernel, tested, on each CPU."""
        kernel = self._load()
        if self._options.self_test:
            prove(kernel)
        options = self._options
        gives_way = self._give_way and options.cpu_priority is CpuPriority.IDLE
        places = place(options.threads, pinned=options.cpu_affinity, gives_way=gives_way)
        return [Seat(placement, kernel) for placement in places]

    def _kernel_name(self, crew: list[Seat]) -> str:
        return crew[0].kernel.name

    def _start(self, crew: list[Seat]) -> None:
        bell = self._bell = Bell(asyncio.get_running_loop(), self._on_news)
        ring = partial(self._tell, bell)
        exchange = Exchange(len(crew), ring, independent=self.independent)
        self._exchange = exchange
        self._threads = tuple(
            ScanThread(
                index, placement, kernel, exchange, self._clock,
                step_seconds=step_seconds, capacity=self._capacity, ring=ring, bell=bell.file,
            )
            for index, (placement, kernel, step_seconds) in enumerate(crew)
        )  # fmt: skip
        devices = tuple(dict.fromkeys(thread.device for thread in self._threads))
        versions = max(seat.kernel.max_versions for seat in crew)
        self._capabilities = Capabilities(self._kernel_name(crew), devices, versions)
        for thread in self._threads:
            thread.start()

    def _assign(self, feed: WorkFeed) -> None:
        exchange = self._opened()
        if exchange.closed:
            return
        present = {i: thread for i, thread in enumerate(self._threads) if thread.error is None}
        assignment = Assignment(feed, present)
        # A feed that breaks is left to the threads, whose errors have a way out.
        with suppress(Exception):
            for thread in present.values():
                thread.prepare(assignment)
        exchange.assign(assignment)

    def _opened(self) -> Exchange:
        if self._exchange is None:
            raise BackendError(f"backend {self.name} is not open")
        return self._exchange

    def _tell(self, bell: Bell) -> None:
        """Wake the loop, from any thread."""
        try:
            bell.ring()
        except RuntimeError:
            # The loop is closed: nobody is left to take a nonce, or to close us.
            self._opened().close()

    def _on_news(self) -> None:
        self._news.set()
        if not self._opened().active:
            self._gone.set()

    def _raise(self, error: BaseException | None) -> None:
        if isinstance(error, StampmillError):
            raise error
        if error is not None:
            raise BackendError(f"backend {self.name} broke: {error!r}") from error
