"""The `reference` backend: hashlib in a loop, on any machine, thousands of times too slow."""

import struct
from collections.abc import Iterator
from hashlib import sha256

from stampmill.core.backends.hits import result_of_batch
from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.chain.header import with_version
from stampmill.core.scan import CancelWord, ScanRequest, ScanResult, ScanStatus

_NONCE = struct.Struct("<I")


class ReferenceKernel:
    """Pure Python over hashlib, the first 64 bytes hashed once per version."""

    name = "reference"
    description = "hashlib, one nonce at a time: the yardstick, not for mining"
    lanes = 32
    """Hashes between two looks at the cancel word: some 50 microseconds."""
    max_versions = 16

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range; see `stampmill.core.scan`."""
        search = _Search(request)
        nonces = max(self.lanes // len(request.versions), 1)
        first, version = request.first, request.first_version
        while first < request.end:
            if cancel.is_set():
                return ScanResult(ScanStatus.CANCELLED, (), first, version)
            end = min(first + nonces, request.end)
            if found := search.batch(first, version, end):
                return result_of_batch(request, found, end)
            first, version = end, 0
        return ScanResult(ScanStatus.DONE, (), request.end, 0)


def create(options: BackendOptions) -> ScannerBackend:
    """Return the backend; it works everywhere."""
    return ScannerBackend("reference", load_kernel, options, give_way=False)


def load_kernel(_name: str | None = None) -> ReferenceKernel:
    """Return the kernel."""
    return ReferenceKernel()


def describe() -> BackendInfo:
    """Return the one kernel."""
    kernel = KernelInfo(ReferenceKernel.name, ReferenceKernel.description)
    return BackendInfo("reference", "Python's hashlib, a thread on each CPU", "", (kernel,))


class _Search:
    """A request made ready: a hash object for each version, and the bytes behind it."""

    def __init__(self, request: ScanRequest) -> None:
        headers = [with_version(request.prefix, version) for version in request.versions]
        self._midstates = [sha256(header[:64]) for header in headers]
        self._tail = request.prefix[64:]
        # Compared as bytes: a digest read backwards is the number that must not exceed the target.
        self._target = request.target.to_bytes(32, "big")

    def batch(self, first: int, first_version: int, end: int) -> list[tuple[int, int]]:
        """Return each nonce and index of a version that meet the target."""
        return [
            (nonce, index)
            for nonce in range(first, end)
            for index in self._hits_of(nonce, first_version if nonce == first else 0)
        ]

    def _hits_of(self, nonce: int, first_version: int) -> Iterator[int]:
        tail = self._tail + _NONCE.pack(nonce)
        for index in range(first_version, len(self._midstates)):
            inner = self._midstates[index].copy()
            inner.update(tail)
            if sha256(inner.digest()).digest()[::-1] <= self._target:
                yield index
