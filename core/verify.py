"""Nonce -> hash -> Share, or why not: computed apart from every kernel, with hashlib."""

from enum import Enum

from stampmill.core.chain import target
from stampmill.core.errors import EncodingError
from stampmill.core.job import Nonce, Share

NTIME_AHEAD = 5
"""Seconds that a device may roll a header's time ahead of the job's, beyond those that passed."""


class Finding(Enum):
    """What a reported nonce turns out to be."""

    SHARE = "share"
    """It meets the share target, or the network target of a real chain."""
    BELOW_SHARE = "below share"
    """It meets the backend's ticket only: good for the rate, not worth sending."""
    HARDWARE_ERROR = "hardware error"
    """It misses the ticket, or was made with a version, ntime or nonce that was not asked for."""


def verify(nonce: Nonce) -> tuple[Finding, Share | None]:
    """Rebuild the header of a nonce, hash it and judge the hash."""
    work = nonce.work
    if not _was_asked_for(nonce):
        return Finding.HARDWARE_ERROR, None
    try:
        digest = work.header(nonce.nonce, nonce.version, nonce.ntime).hash()
    except EncodingError:
        return Finding.HARDWARE_ERROR, None
    if not target.meets_target(digest, work.ticket_target):
        return Finding.HARDWARE_ERROR, None
    if not target.meets_target(digest, work.job.report_target):
        return Finding.BELOW_SHARE, None
    solves = target.meets_target(digest, work.job.block_target)
    return Finding.SHARE, Share(nonce, digest, target.difficulty_of_hash(digest), solves)


def _was_asked_for(nonce: Nonce) -> bool:
    work = nonce.work
    return (
        nonce.version in work.versions
        and work.ntime <= nonce.ntime <= _latest(nonce)
        and work.first_nonce <= nonce.nonce < work.end_nonce
    )


def _latest(nonce: Nonce) -> int:
    """Return the latest time that pools take: theirs goes on at the speed of ours, no faster."""
    job = nonce.work.job
    passed = max(int(nonce.found_at - job.received_at), 0)
    return max(nonce.work.ntime, job.ntime + passed) + NTIME_AHEAD
