"""One thread's scans after each other: the contract, and the way that suits every kernel.

A scan that is cancelled in favour of other work costs the least when the next request lies ready
beforehand and the kernel's own code goes over to it: a Python thread has to wait for the
interpreter first, which is then busy with the very job that all threads are to switch to.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

from stampmill.core.scan import CancelWord, Kernel, ScanRequest, ScanResult


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
        """Scan; if cancelled without a hit, go over to what is on offer, and so on."""

    def result(self) -> ScanResult:
        """Return what came of it, once ended; raise ScanRequestError if the kernel refused it."""

    def rest(self) -> "Leg":
        """Return a leg that goes on where this one has ended before its range did."""


class Relay(Protocol):
    """The scans of one thread."""

    def leg(self, request: ScanRequest, cancel: CancelWord) -> Leg:
        """Make a scan ready; on any thread."""


@runtime_checkable
class RelayKernel(Protocol):
    """A kernel that goes over to the next request by itself."""

    def relay(self) -> Relay:
        """Return a relay for one thread."""


def relay_of(kernel: Kernel, clock: Callable[[], float] = time.monotonic) -> Relay:
    """Return the kernel's own relay, or else one that goes over to nothing by itself.

    `clock` is for the latter alone.
    """
    return kernel.relay() if isinstance(kernel, RelayKernel) else PlainRelay(kernel, clock)


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

    __slots__ = ("_cancel", "_clock", "_kernel", "_request", "_result", "begun_at", "ended_at")

    _result: ScanResult

    def __init__(
        self, kernel: Kernel, clock: Callable[[], float], request: ScanRequest, cancel: CancelWord
    ) -> None:
        self._kernel, self._clock, self._cancel = kernel, clock, cancel
        self._request = request
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

    def result(self) -> ScanResult:
        """Return the kernel's answer."""
        return self._result

    def rest(self) -> "PlainLeg":
        """Return what is left of the range."""
        first, version = self._result.next_nonce, self._result.next_version
        request = replace(self._request, first=first, first_version=version)
        return PlainLeg(self._kernel, self._clock, request, self._cancel)
