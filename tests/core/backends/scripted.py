"""Kernels that do what a test says, and a way to run one as a backend."""

import threading
from collections.abc import Callable

from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.scan import CancelWord, Hit, Kernel, ScanRequest, ScanResult, ScanStatus

Script = Callable[[ScanRequest, CancelWord], ScanResult]


class ScriptedKernel:
    """Calls a function for each scan, and counts the calls."""

    name = "scripted"
    description = "a test's"
    lanes = 1
    max_versions = 16

    def __init__(self, script: Script) -> None:
        self._script = script
        self._changed = threading.Condition()
        self.calls = 0

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        with self._changed:
            self.calls += 1
            self._changed.notify_all()
        return self._script(request, cancel)

    def wait_for_call(self, number: int, seconds: float = 10) -> bool:
        """Wait until scan has been called so often; tell whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self.calls >= number, seconds)


def scanner(kernel: Kernel, threads: int = 1, **more: object) -> ScannerBackend:
    """Return a backend of few threads around a kernel that would not pass the self-test."""
    options = BackendOptions(threads=threads, self_test=False)
    return ScannerBackend("test", lambda: kernel, options, **more)  # type: ignore[arg-type]


def all_done(request: ScanRequest, _cancel: CancelWord) -> ScanResult:
    """Find nothing, at once."""
    return ScanResult(ScanStatus.DONE, (), request.end, 0)


def every_nonce(request: ScanRequest, _cancel: CancelWord) -> ScanResult:
    """Report as many nonces as there is room for, at once."""
    end = min(request.first + request.max_hits, request.end)
    hits = tuple(Hit(nonce, request.versions[0]) for nonce in range(request.first, end))
    return ScanResult(ScanStatus.DONE if end == request.end else ScanStatus.HIT, hits, end, 0)


def until_cancelled(request: ScanRequest, cancel: CancelWord) -> ScanResult:
    """Spin as a kernel does, and come back with a nonce found on the way."""
    while not cancel.is_set():
        threading.Event().wait(0.0001)
    hit = Hit(request.first, request.versions[0])
    return ScanResult(ScanStatus.CANCELLED, (hit,), request.first + 1, 0)
