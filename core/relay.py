"""One thread's scans after each other: the contract, and the way that suits every kernel.

A scan that is cancelled in favour of other work costs the least when the next request lies ready
beforehand and the kernel's own code goes over to it: a Python thread has to wait for the
interpreter first, which is then busy with the very job that all threads are to switch to. What a
scan finds goes the same way: it is posted, and another thread takes it while the scan goes on.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol, runtime_checkable

from stampmill.core.scan import CancelWord, Kernel, ScanRequest, ScanResult, ScanStatus


class Find(NamedTuple):
    """A hit, and when the batch that held it ended, in seconds of `time.monotonic`."""

    nonce: int
    version: int
    found_at: float


class End(NamedTuple):
    """Why a leg returned, and where it would go on. Everything before is done and posted."""

    status: ScanStatus
    nonce: int
    version: int
    """An index."""


class Leg(Protocol):
    """One scan of a relay. Times are in seconds of `time.monotonic`."""

    @property
    def start(self) -> tuple[int, int]:
        """The nonce, and the index of the version, that it begins with."""

    @property
    def begun_at(self) -> float | None:
        """When the scan began, or None; readable on any thread at any time."""

    @property
    def ended_at(self) -> float:
        """When the scan returned; to be read after it has."""

    def offer(self) -> None:
        """Lie ready, in place of what did so before, for when the running leg is cancelled.

        The caller keeps the leg alive until it has ended, or until it can no longer be taken:
        another has been offered, and no leg of the relay runs.
        """

    def run(self) -> None:
        """Scan; if cancelled, go over to what is on offer, and so on.

        It may come back earlier, too: after a batch with a hit, or when the buffer is full.
        """

    def end(self) -> End:
        """Return how it ended, once it has; raise ScanRequestError if the kernel refused it."""

    def waiting(self) -> int:
        """Return how many finds have not been taken; on any thread at any time."""

    def take(self) -> list[Find]:
        """Return what was found since the last call, in order; on one thread, at any time."""

    def rest(self) -> "Leg":
        """Return a leg that goes on where this one has ended before its range did."""


class Relay(Protocol):
    """The scans of one thread."""

    def leg(self, request: ScanRequest, cancel: CancelWord) -> Leg:
        """Make a scan ready; on any thread."""


@runtime_checkable
class RelayKernel(Protocol):
    """A kernel that goes over to the next request by itself."""

    def relay(self, bell: int = -1) -> Relay:
        """Return a relay for one thread.

        It adds 1 to the eventfd `bell` whenever it has found something, and scans on; without one
        (-1) its legs come back then.
        """


def relay_of(kernel: Kernel, clock: Callable[[], float] = time.monotonic, bell: int = -1) -> Relay:
    """Return the kernel's own relay, or else one that goes over to nothing by itself.

    `clock` is for the latter alone, `bell` for the former.
    """
    return kernel.relay(bell) if isinstance(kernel, RelayKernel) else PlainRelay(kernel, clock)


class PlainRelay:
    """Calls the kernel for each leg; what is on offer waits for its own call."""

    def __init__(self, kernel: Kernel, clock: Callable[[], float]) -> None:
        self._kernel = kernel
        self._clock = clock

    def leg(self, request: ScanRequest, cancel: CancelWord) -> "PlainLeg":
        """Make a scan ready."""
        return PlainLeg(self._kernel, self._clock, request, cancel)


class PlainLeg:
    """One call of a kernel."""

    __slots__ = (
        "_cancel", "_clock", "_finds", "_kernel", "_request", "_result", "begun_at", "ended_at",
    )  # fmt: skip

    _result: ScanResult

    def __init__(
        self, kernel: Kernel, clock: Callable[[], float], request: ScanRequest, cancel: CancelWord
    ) -> None:
        self._kernel, self._clock, self._cancel = kernel, clock, cancel
        self._request = request
        self._finds: deque[Find] = deque()
        self.begun_at: float | None = None
        self.ended_at = 0.0

    @property
    def start(self) -> tuple[int, int]:
        """The nonce, and the index of the version, that it begins with."""
        return self._request.first, self._request.first_version

    def offer(self) -> None:
        """Do nothing: nobody would take it."""

    def run(self) -> None:
        """Scan."""
        self.begun_at = self._clock()
        self._result = self._kernel.scan(self._request, self._cancel)
        self.ended_at = self._clock()
        self._finds.extend([Find(*hit, self.ended_at) for hit in self._result.hits])

    def end(self) -> End:
        """Return how it ended."""
        return End(self._result.status, self._result.next_nonce, self._result.next_version)

    def waiting(self) -> int:
        """Return how many finds have not been taken."""
        return len(self._finds)

    def take(self) -> list[Find]:
        """Return what was found."""
        return [self._finds.popleft() for _ in range(len(self._finds))]

    def rest(self) -> "PlainLeg":
        """Return what is left of the range."""
        _, first, version = self.end()
        request = replace(self._request, first=first, first_version=version)
        return PlainLeg(self._kernel, self._clock, request, self._cancel)
