"""Correctness before speed: no kernel is timed before it agrees with hashlib."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import permutations

from stampmill.core.chain.header import with_nonce, with_version
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.chain.target import meets_target
from stampmill.core.errors import VerificationError
from stampmill.core.scan import Hit, Kernel, ScanRequest
from stampmill.core.selftest import expected_hits, prove, scan_whole

PREFIX = b"".join(sha256(bytes([block])).digest() for block in range(3))[:76]
"""The header that is searched: no real one, so that no kernel can know it."""

FIRST_NONCE = 0x2FFF_FFF5
"""No multiple of any number of lanes."""

GATE_HASHES = 1 << 14
_GATE_TARGET = (1 << 250) - 1
"""Met by one hash in 64."""

_BASE_VERSION = 0x20000000
_ROLLED_BIT = 13  # BIP 320: bits 13 to 28 are for rolling


def versions(count: int) -> tuple[int, ...]:
    """Return so many rolled versions; a shorter tuple begins like a longer one."""
    return tuple(_BASE_VERSION | index << _ROLLED_BIT for index in range(count))


def check(kernel: Kernel, version_counts: Sequence[int]) -> None:
    """Compare a kernel with hashlib; raise VerificationError naming header and nonce."""
    prove(kernel)
    for count in version_counts:
        end = FIRST_NONCE + GATE_HASHES // count
        request = ScanRequest(PREFIX, versions(count), FIRST_NONCE, end, _GATE_TARGET)
        compare(kernel.name, request, scan_whole(kernel, request), _oracle(request))


def compare(name: str, request: ScanRequest, found: Sequence[Hit], expected: Sequence[Hit]) -> None:
    """Raise VerificationError at the first nonce on which the two lists differ."""
    wrong = set(found) ^ set(expected)
    if wrong:
        hit = min(wrong)
        raise _denial(name, "misses" if hit in expected else "invents", hit, request)
    if len(found) != len(expected):
        raise VerificationError(f"kernel {name} reports a nonce more than once")


Found = tuple[str, ScanRequest, Sequence[Hit]]
"""A kernel's name, what it searched, and what it found."""


def check_timed(results: Sequence[Found]) -> None:
    """Check what kernels found while they were timed, by hashlib and against each other.

    The timed ranges are too long for hashlib alone, but they begin alike: a hit that one kernel
    found and hashlib confirms must have been found by every other one that came so far.
    """
    for name, request, hits in results:
        for hit in hits:
            if not _meets(hit, request):
                raise _denial(name, "invents", hit, request)
    for (_, _, hits), (name, request, own) in permutations(results, 2):
        for hit in set(hits) - set(own):
            if hit.nonce < request.end and hit.version in request.versions:
                raise _denial(name, "misses", hit, request)


@lru_cache
def _oracle(request: ScanRequest) -> tuple[Hit, ...]:
    return expected_hits(request)


def _meets(hit: Hit, request: ScanRequest) -> bool:
    header = with_nonce(with_version(request.prefix, hit.version), hit.nonce)
    return meets_target(sha256d(header), request.target)


def _denial(name: str, fault: str, hit: Hit, request: ScanRequest) -> VerificationError:
    header = with_version(request.prefix, hit.version).hex()
    return VerificationError(f"kernel {name} {fault} nonce {hit.nonce:08x} of header {header}")
