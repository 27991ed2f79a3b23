"""What travels between a pool and the backends: Job, Work, Nonce, Share, ShareResult."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from stampmill.core.chain import target
from stampmill.core.chain.header import Header

MIN_NETWORK_DIFFICULTY_TARGET = target.DIFFICULTY_1_TARGET
"""Rules that speak of the network target apply only where the network difficulty is >= 1."""


class ShareSink(Protocol):
    """The way back of a share: the source that its job came from.

    Sinks of one source are equal.
    """

    def submit(self, share: "Share") -> None:
        """Send the share, or report it lost to the listener; never raise for a dead connection."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a source sends once: everything but the miner's own choices.

    Hashes are 32 bytes in header order; integers are unsigned 32-bit. `version_mask` holds the
    version bits the miner may change, 0 for none. `received_at` is the monotonic time in seconds
    at which its last byte was read.
    """

    id: str
    previous_hash: bytes
    coinbase1: bytes
    coinbase2: bytes
    extranonce1: bytes
    extranonce2_size: int
    merkle_branch: tuple[bytes, ...]
    version: int
    version_mask: int
    nbits: int
    ntime: int
    clean: bool
    difficulty: float
    share_target: int
    network_target: int
    received_at: float
    sink: ShareSink = field(repr=False, compare=False)

    @property
    def block_target(self) -> int:
        """The network target where it is worth more than a share, else 0 (test chains)."""
        return self.network_target if self.network_target <= MIN_NETWORK_DIFFICULTY_TARGET else 0

    @property
    def report_target(self) -> int:
        """The easiest target whose nonces are worth sending."""
        return max(self.share_target, self.block_target)


@dataclass(frozen=True, slots=True)
class Work:
    """One searchable piece of a job: extranonce2, ntime and versions fixed, a nonce range left.

    The range is [first_nonce, end_nonce), end at most 2**32. `ticket_target` is the bar at which
    the backend reports nonces. `versions` may be all 65536 that a board rolls through by itself.
    """

    job: Job
    extranonce2: bytes
    merkle_root: bytes
    ntime: int
    versions: Sequence[int]
    first_nonce: int
    end_nonce: int
    ticket_target: int

    def header(
        self, nonce: int = 0, version: int | None = None, ntime: int | None = None
    ) -> Header:
        """Return the header of one candidate; version and ntime default to the work's first."""
        return Header(
            self.versions[0] if version is None else version,
            self.job.previous_hash,
            self.merkle_root,
            self.ntime if ntime is None else ntime,
            self.job.nbits,
            nonce,
        )

    def prefix(self) -> bytes:
        """Return the 76 header bytes in front of the nonce, with the first version."""
        return self.header().to_bytes()[:76]


@dataclass(frozen=True, slots=True)
class Nonce:
    """A backend's claim, not yet checked. `found_at` is monotonic seconds."""

    work: Work
    nonce: int
    version: int
    ntime: int
    found_at: float
    device: str


@dataclass(frozen=True, slots=True)
class Share:
    """A verified nonce worth sending. `hash` is in header order.

    `solves_block` says that it meets the network target of a chain whose difficulty is at least 1;
    on test chains nearly every share would, and only the pool knows what it makes a block.
    """

    nonce: Nonce
    hash: bytes
    difficulty: float
    solves_block: bool

    @property
    def job(self) -> Job:
        """The job that it was found for."""
        return self.nonce.work.job


class Verdict(Enum):
    """What became of a share that left the verifier."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    STALE = "stale"
    LOST = "lost"
    """It could not be sent, or the connection died with it unanswered."""
    UNANSWERED = "unanswered"
    """The pool kept silent about it for too long."""


class RejectReason(Enum):
    """Why a pool said no, by code and by words."""

    STALE = "stale"
    DUPLICATE = "duplicate"
    LOW_DIFFICULTY = "low-difficulty"
    UNAUTHORIZED = "unauthorized"
    NOT_SUBSCRIBED = "not-subscribed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ShareResult:
    """The verdict on a share, its reason in the pool's words, and seconds from submit to answer."""

    verdict: Verdict
    reason: RejectReason | None = None
    text: str = ""
    latency: float | None = None
