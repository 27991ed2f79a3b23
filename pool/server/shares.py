"""The judgement of one share: for this job, within its terms, good enough, and new."""

from collections import deque
from dataclasses import dataclass
from enum import Enum

from stampmill.core.chain import merkle
from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.chain.header import Header
from stampmill.core.chain.target import meets_target, target_from_difficulty
from stampmill.pool.server.jobs import ServerJob
from stampmill.pool.stratum.answers import (
    DUPLICATE_SHARE,
    JOB_NOT_FOUND,
    LOW_DIFFICULTY,
    NOT_SUBSCRIBED,
    OTHER,
    UNAUTHORIZED,
    PoolError,
)
from stampmill.pool.stratum.requests import Submit

NTIME_AHEAD = 7000
"""Seconds that a share's time may be later than its job's (ckpool's bound)."""

CLOCK_AHEAD = 7200
"""Seconds that a block may be ahead of a node's clock (Bitcoin Core)."""

TOLERANCE = 1_000_000_000
"""A miner that computes its target in floats is off by a bit or two: one part in 10**9 is given."""


class ShareFault(Enum):
    """Why a share was refused; the counter's name."""

    STALE = "stale"
    """For a job that was live once."""
    UNKNOWN_JOB = "unknown-job"
    DUPLICATE = "duplicate"
    LOW_DIFFICULTY = "low-difficulty"
    UNAUTHORIZED = "unauthorized"
    NOT_SUBSCRIBED = "not-subscribed"
    EXTRANONCE2_SIZE = "extranonce2-size"
    NTIME_RANGE = "ntime-range"
    VERSION_BITS = "version-bits"
    BAD_PARAMETERS = "bad-parameters"

    @property
    def error(self) -> PoolError:
        """The code and text of the answer."""
        return _ERRORS[self]


@dataclass(frozen=True, slots=True)
class ShareTerms:
    """What a connection and its job fix: the extranonces, the rollable bits, the difficulty."""

    extranonce1: bytes
    extranonce2_size: int
    version_mask: int
    difficulty: float


@dataclass(frozen=True, slots=True)
class GoodShare:
    """A share that meets its target: the header, its hash, and the coinbase without witness."""

    header: bytes
    hash: bytes
    coinbase: bytes


def judge(job: ServerJob, submit: Submit, terms: ShareTerms, now: float) -> GoodShare | ShareFault:
    """Return the share, or why it is refused; `now` is the clock in seconds since 1970.

    Whether it is a duplicate is not looked at.
    """
    fault = _check_terms(job, submit, terms, now)
    if fault is not None:
        return fault
    notify = job.notify
    parts = (notify.coinbase1, terms.extranonce1, submit.extranonce2, notify.coinbase2)
    root = merkle.root_from_branch(coinbase_txid(*parts), notify.merkle_branch)
    target = max(generous_target(terms.difficulty), job.block_target)
    for version in rolled_versions(notify.version, submit.version_bits, terms.version_mask):
        header = Header(
            version, notify.previous_hash, root, submit.ntime, notify.nbits, submit.nonce
        )
        digest = header.hash()
        if meets_target(digest, target):
            return GoodShare(header.to_bytes(), digest, b"".join(parts))
    return ShareFault.LOW_DIFFICULTY


def rolled_versions(version: int, bits: int | None, mask: int) -> tuple[int, ...]:
    """Return what the header's version may be: one, unless the job has bits inside the mask.

    There BIP310 replaces the job's bits, ckpool adds to them, and ESP-Miner sends the difference:
    the hash tells which of them was meant. No bits sent means that none were rolled.
    """
    if bits is None:
        return (version,)
    bits &= mask
    return tuple(dict.fromkeys((version & ~mask | bits, version | bits, version ^ bits)))


def generous_target(difficulty: float) -> int:
    """Return the share target with the tolerance for float arithmetic."""
    target = target_from_difficulty(difficulty)
    return target + target // TOLERANCE


class SeenShares:
    """Remembers accepted shares by the hash of their header, the oldest makes room.

    A header's hash stands for the job, extranonce1, extranonce2, ntime, nonce and version bits all
    together: nothing else can tell two shares apart, and nothing more is needed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._hashes: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, digest: bytes) -> bool:
        """Note a share; return False if it was here before."""
        if digest in self._hashes:
            return False
        self._hashes.add(digest)
        self._order.append(digest)
        if len(self._order) > self._limit:
            self._hashes.remove(self._order.popleft())
        return True

    def clear(self) -> None:
        """Forget all: their jobs are dead."""
        self._hashes.clear()
        self._order.clear()


_ERRORS = {
    ShareFault.STALE: PoolError(JOB_NOT_FOUND, "Stale"),
    ShareFault.UNKNOWN_JOB: PoolError(JOB_NOT_FOUND, "Job not found"),
    ShareFault.DUPLICATE: PoolError(DUPLICATE_SHARE, "Duplicate share"),
    ShareFault.LOW_DIFFICULTY: PoolError(LOW_DIFFICULTY, "Low difficulty share"),
    ShareFault.UNAUTHORIZED: PoolError(UNAUTHORIZED, "Unauthorized worker"),
    ShareFault.NOT_SUBSCRIBED: PoolError(NOT_SUBSCRIBED, "Not subscribed"),
    ShareFault.EXTRANONCE2_SIZE: PoolError(OTHER, "Incorrect size of extranonce2"),
    ShareFault.NTIME_RANGE: PoolError(OTHER, "ntime out of range"),
    ShareFault.VERSION_BITS: PoolError(OTHER, "Version bits outside the agreed mask"),
    ShareFault.BAD_PARAMETERS: PoolError(OTHER, "Bad parameters"),
}


def _check_terms(
    job: ServerJob, submit: Submit, terms: ShareTerms, now: float
) -> ShareFault | None:
    if len(submit.extranonce2) != terms.extranonce2_size:
        return ShareFault.EXTRANONCE2_SIZE
    latest = min(job.notify.ntime + NTIME_AHEAD, max(now + CLOCK_AHEAD, job.notify.ntime))
    if not job.notify.ntime <= submit.ntime <= latest:
        return ShareFault.NTIME_RANGE
    # Without version rolling agreed the mask is 0, and so must be the bits.
    if submit.version_bits is not None and submit.version_bits & ~terms.version_mask:
        return ShareFault.VERSION_BITS
    return None
