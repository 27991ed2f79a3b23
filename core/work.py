"""Job -> Work: hands out extranonce2, ntime, versions and nonce ranges, each combination once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from stampmill.core.chain import merkle
from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.chain.sha256d import MASK32
from stampmill.core.job import Job, Work
from stampmill.core.scan import MAX_VERSIONS, NONCE_SPACE
from stampmill.core.versions import RolledVersions


class ExtranonceCounter:
    """The extranonce2 values of a run, carried on from job to job and over every connection.

    A pool may send a new job with the same coinbase parts, or give a returning miner its old
    extranonce1 and job; a counter that started again would then repeat the shares of the old one.
    The work spaces that draw from a counter share its lock.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.position = 0

    def take(self, size: int) -> bytes:
        """Return the next value of so many bytes, wrapping around at the end of their space."""
        value = self.position
        self.position += 1
        return (value % (1 << 8 * size)).to_bytes(size, "big")


@dataclass(slots=True)
class _Column:
    """A header with everything fixed but the nonce, and how far its nonces are handed out."""

    extranonce2: bytes
    merkle_root: bytes
    ntime: int
    versions: Sequence[int]
    next_nonce: int = 0


class WorkSpace:
    """Everything that one job leaves to the miner; thread-safe.

    The space is walked in passes. A pass uses each extranonce2 once, under versions that start at
    the same index; the next pass starts behind the highest version used. When the versions are used
    up, ntime moves on, by at most the seconds that have passed since the job came, because pools
    refuse times ahead of their own clock.

    A pass ends where the counter has come around, whoever moved it: while backends change over, the
    old job and the new one draw from the same values.
    """

    def __init__(
        self, job: Job, extranonces: ExtranonceCounter, clock: Callable[[], float]
    ) -> None:
        self.job = job
        self._extranonces = extranonces
        self._clock = clock
        self._lock = extranonces.lock
        # The job's own bits are kept, so that every pool reads the rolled bits the same way.
        self._free_bits = _bits_of(job.version_mask & ~job.version)
        self._columns: dict[int, _Column] = {}
        self._version_count = 1 << len(self._free_bits)
        self._ntime = job.ntime
        self._first_version = self._last_version = self._pass_end = 0
        self._begin_pass(0)

    def take(self, nonces: int, versions: int, ticket_target: int) -> Work | None:
        """Return a piece of at most so many nonces under at most so many versions, or None."""
        with self._lock:
            column = self._columns.get(versions)
            if column is None or column.next_nonce == NONCE_SPACE:
                column = self._new_column(versions)
                if column is None:
                    return None
                self._columns[versions] = column
            return self._cut(column, nonces, ticket_target)

    def _cut(self, column: _Column, nonces: int, ticket_target: int) -> Work:
        first = column.next_nonce
        column.next_nonce = min(first + max(nonces, 1), NONCE_SPACE)
        return Work(
            self.job, column.extranonce2, column.merkle_root, column.ntime, column.versions,
            first, column.next_nonce, ticket_target,
        )  # fmt: skip

    def _new_column(self, versions: int) -> _Column | None:
        if self._extranonces.position >= self._pass_end and not self._next_pass():
            return None
        last = min(self._first_version + max(versions, 1), self._version_count)
        self._last_version = max(self._last_version, last)
        extranonce2 = self._extranonces.take(self.job.extranonce2_size)
        return _Column(
            extranonce2,
            self._merkle_root(extranonce2),
            self._ntime,
            _versions(self.job.version, self._free_bits, self._first_version, last),
        )

    def _next_pass(self) -> bool:
        if self._last_version < self._version_count:
            self._begin_pass(self._last_version)
            return True
        latest = self.job.ntime + int(self._clock() - self.job.received_at)
        if self._ntime >= min(latest, MASK32):
            return False
        self._ntime += 1
        self._begin_pass(0)
        return True

    def _begin_pass(self, first_version: int) -> None:
        self._first_version = self._last_version = first_version
        self._pass_end = self._extranonces.position + (1 << 8 * self.job.extranonce2_size)

    def _merkle_root(self, extranonce2: bytes) -> bytes:
        job = self.job
        txid = coinbase_txid(job.coinbase1, job.extranonce1, extranonce2, job.coinbase2)
        return merkle.root_from_branch(txid, job.merkle_branch)


@dataclass(frozen=True, slots=True)
class TicketFeed:
    """A work space as one backend sees it: with the target at which it is to report nonces."""

    space: WorkSpace
    ticket_target: int
    since: float | None = None
    """When a backend was to go on with the job, if that was after it came: after a rest."""

    @property
    def received_at(self) -> float:
        """Monotonic time in seconds at which the job's last byte was read, or the rest ended."""
        return self.space.job.received_at if self.since is None else self.since

    def take(self, nonces: int, versions: int) -> Work | None:
        """Return the next piece of work, or None while all is used up; callable from any thread."""
        return self.space.take(nonces, versions, self.ticket_target)


# Jobs of one pool share version and mask, and every job passes here on its way to the threads.
@lru_cache(maxsize=64)
def _bits_of(mask: int) -> tuple[int, ...]:
    return tuple(1 << position for position in range(32) if mask >> position & 1)


@lru_cache(maxsize=64)
def _versions(job_version: int, bits: tuple[int, ...], first: int, last: int) -> Sequence[int]:
    """Return the versions with these indices; as a tuple where a scan can take them all."""
    versions = RolledVersions(job_version, bits, range(first, last))
    return tuple(versions) if len(versions) <= MAX_VERSIONS else versions
