"""Proof of a kernel on this machine: known headers found, and every hit of a range reported."""

from collections.abc import Iterator
from hashlib import sha256

from stampmill.core.chain.header import with_nonce, with_version
from stampmill.core.chain.known_headers import KNOWN_HEADERS
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.chain.target import meets_target
from stampmill.core.errors import VerificationError
from stampmill.core.scan import CancelWord, Hit, Kernel, ScanRequest, ScanStatus

# Enough for every lane of a vector kernel and for ranges that are no multiple of its lanes.
_NONCES_AROUND = 133

_TARGETS = (0, (1 << 248) - 1, (1 << 255) - 1, (1 << 256) - 1)
"""No hit at all, one in 256, every second nonce, every nonce."""


def prove(kernel: Kernel) -> int:
    """Return how many checks the kernel passed; raise VerificationError naming the first failed."""
    passed = 0
    for name, header in KNOWN_HEADERS:
        _finds_known_nonce(kernel, name, header)
        passed += 1
    for request in _requests(kernel.max_versions):
        _reports_every_hit(kernel, request)
        passed += 1
    return passed


def scan_whole(kernel: Kernel, request: ScanRequest) -> tuple[Hit, ...]:
    """Return all hits of a range, resuming until it is done."""
    hits: list[Hit] = []
    first, first_version = request.first, request.first_version
    while True:
        rest = ScanRequest(
            request.prefix, request.versions, first, request.end, request.target,
            first_version, request.max_hits,
        )  # fmt: skip
        result = kernel.scan(rest, CancelWord())
        hits.extend(result.hits)
        if result.status is ScanStatus.DONE:
            return tuple(hits)
        if (result.next_nonce, result.next_version) <= (first, first_version):
            raise VerificationError(f"kernel {kernel.name} does not get past nonce {first:08x}")
        first, first_version = result.next_nonce, result.next_version


def expected_hits(request: ScanRequest) -> tuple[Hit, ...]:
    """Return all hits of a range as hashlib finds them."""
    return tuple(
        Hit(nonce, version)
        for nonce in range(request.first, request.end)
        for version in request.versions
        if meets_target(
            sha256d(with_nonce(with_version(request.prefix, version), nonce)), request.target
        )
    )


def _finds_known_nonce(kernel: Kernel, name: str, header: bytes) -> None:
    nonce = int.from_bytes(header[76:], "little")
    version = int.from_bytes(header[:4], "little")
    first = max(nonce - _NONCES_AROUND // 2, 0)
    end = min(first + _NONCES_AROUND, 1 << 32)
    target = int.from_bytes(sha256d(header), "little")
    request = ScanRequest(header[:76], (version,), first, end, target)
    if Hit(nonce, version) not in scan_whole(kernel, request):
        raise VerificationError(f"kernel {kernel.name} does not find nonce {nonce:08x} of {name}")


def _requests(max_versions: int) -> Iterator[ScanRequest]:
    prefix = b"".join(sha256(bytes([block])).digest() for block in range(3))[:76]
    for target in _TARGETS:
        for versions in ((0x20000000,), (0x20000000, 0x20002000, 0x3FFFE000)[:max_versions]):
            for first in (0, 0x7FFFFFF3, (1 << 32) - _NONCES_AROUND):
                yield ScanRequest(prefix, versions, first, first + _NONCES_AROUND, target)
    versions = (1, 2)[:max_versions]
    yield ScanRequest(prefix, versions, 5, 5 + _NONCES_AROUND, _TARGETS[2], 0, max_hits=1)


def _reports_every_hit(kernel: Kernel, request: ScanRequest) -> None:
    found, expected = scan_whole(kernel, request), expected_hits(request)
    wrong = set(found) ^ set(expected)
    if wrong:
        hit = min(wrong)
        fault = "misses" if hit in expected else "invents"
        raise VerificationError(
            f"kernel {kernel.name} {fault} nonce {hit.nonce:08x} of header "
            f"{with_version(request.prefix, hit.version).hex()}"
        )
    if found != expected:
        raise VerificationError(f"kernel {kernel.name} reports hits twice or out of order")
