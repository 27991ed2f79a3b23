"""A Python function as a kernel: it only searches, and all else is done around it.

The function is called `scan(header, target, first, end)`: the 76 header bytes in front of the
nonce, the target as 32 bytes, little-endian, and the nonces [first, end) to try. It returns those
whose double SHA-256, read as a little-endian number, is not above the target, in any order. All
of that can be handed to Numba, too.
"""

from collections.abc import Callable, Iterable

from stampmill.core.backends.hits import result_of_batch
from stampmill.core.chain.header import with_version
from stampmill.core.errors import VerificationError
from stampmill.core.scan import CancelWord, ScanRequest, ScanResult, ScanStatus

Function = Callable[[bytes, bytes, int, int], Iterable[int]]

SLICE = 1 << 16
"""Nonces of a call: some milliseconds of a fast kernel, so that the call itself costs nothing."""


class FunctionKernel:
    """Calls the function slice by slice, once for each version."""

    max_versions = 1

    def __init__(self, name: str, function: Function) -> None:
        self.name = name
        self.description = (function.__doc__ or "a Python function").strip().splitlines()[0]
        self.lanes = SLICE
        self._function = function

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range; see `stampmill.core.scan`."""
        header = with_version(request.prefix, request.versions[0])
        target = request.target.to_bytes(32, "little")
        for first in range(request.first, request.end, SLICE):
            if cancel.is_set():
                return ScanResult(ScanStatus.CANCELLED, (), first, 0)
            end = min(first + SLICE, request.end)
            if nonces := self._search(header, target, first, end):
                return result_of_batch(request, [(nonce, 0) for nonce in nonces], end)
        return ScanResult(ScanStatus.DONE, (), request.end, 0)

    def _search(self, header: bytes, target: bytes, first: int, end: int) -> list[int]:
        nonces = sorted(map(int, self._function(header, target, first, end)))
        outside = [nonce for nonce in nonces if not first <= nonce < end]
        if outside:
            where = f"outside {first:08x} .. {end:08x} of header {header.hex()}"
            raise VerificationError(f"kernel {self.name} invents nonce {outside[0]:08x}, {where}")
        return nonces
