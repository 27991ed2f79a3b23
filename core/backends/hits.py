"""From what a search found to the result that the contract of kernels asks for."""

from collections.abc import Sequence

from stampmill.core.chain.header import with_nonce, with_version
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.chain.target import meets_target
from stampmill.core.scan import Hit, ScanRequest, ScanResult, ScanStatus


def result_of_batch(request: ScanRequest, found: Sequence[tuple[int, int]], end: int) -> ScanResult:
    """Return the result of a scan whose last batch ends in front of nonce `end`.

    `found` holds nonces and version indices in order, all that the batch has.
    """
    hits = tuple(Hit(nonce, request.versions[index]) for nonce, index in found[: request.max_hits])
    if len(found) > request.max_hits:
        return ScanResult(ScanStatus.FULL, hits, *found[request.max_hits])
    return ScanResult(ScanStatus.HIT if end < request.end else ScanStatus.DONE, hits, end, 0)


def is_hit(request: ScanRequest, nonce: int, index: int) -> bool:
    """Tell by hashlib whether a nonce, under the version with this index, meets the target."""
    header = with_nonce(with_version(request.prefix, request.versions[index]), nonce)
    return meets_target(sha256d(header), request.target)
