"""The contract of every kernel: a scan request in, every hit of a nonce range out.

C kernels meet it through `core.native`, Numba and the reference through their backends; the
contract tests walk them all.
"""

from array import array
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from stampmill.core.errors import ScanRequestError

NONCE_SPACE = 1 << 32
MAX_VERSIONS = 16
MAX_HITS = 1024


class CancelWord:
    """One aligned 32-bit word that a kernel polls: zero means go on.

    Each scan has its own, so that a cancel meant for old work can never hit the new.
    """

    __slots__ = ("memory",)

    def __init__(self) -> None:
        self.memory = array("I", [0])

    def set(self) -> None:
        """Make the scan return within about 100 microseconds; callable from any thread."""
        self.memory[0] = 1

    def is_set(self) -> bool:
        """Tell whether the scan has been cancelled."""
        return self.memory[0] != 0


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """A nonce range to search under one or several versions.

    `prefix` is the 76 header bytes in front of the nonce; its version is replaced by each of
    `versions`. The range is [first, end), end at most 2**32; a hit is a hash not above `target`.
    Order is by nonce, then by version: `first_version` (an index) is where nonce `first` starts.
    """

    prefix: bytes
    versions: tuple[int, ...]
    first: int
    end: int
    target: int
    first_version: int = 0
    max_hits: int = 64

    def __post_init__(self) -> None:
        if len(self.prefix) != 76:
            raise ScanRequestError(f"a scan needs 76 header bytes, not {len(self.prefix)}")
        if not 1 <= len(self.versions) <= MAX_VERSIONS:
            raise ScanRequestError(f"a scan takes 1 to 16 versions, not {len(self.versions)}")
        if not 0 <= self.first <= self.end <= NONCE_SPACE:
            raise ScanRequestError(f"no nonce range: [{self.first}, {self.end})")
        if not 0 <= self.first_version < len(self.versions):
            raise ScanRequestError(f"no version with index {self.first_version}")
        if not 0 <= self.target < 1 << 256:
            raise ScanRequestError(f"a target is below 2**256, not {self.target:#x}")
        if not 1 <= self.max_hits <= MAX_HITS:
            raise ScanRequestError(f"a hit buffer holds 1 to {MAX_HITS} hits, not {self.max_hits}")


class Hit(NamedTuple):
    """A nonce and the version (the number, not its index) under which it meets the target."""

    nonce: int
    version: int


class ScanStatus(Enum):
    """Why a scan returned."""

    DONE = "done"
    """The range is finished."""
    HIT = "hit"
    """A batch held a hit; go on at `next_nonce`."""
    FULL = "full"
    """The hit buffer is full; nothing is lost, go on at `next_nonce` and `next_version`."""
    CANCELLED = "cancelled"
    """The cancel word was set; everything before `next_nonce` is done."""


class ScanResult(NamedTuple):
    """Every hit before the position to resume at. Status DONE means that there is none left."""

    status: ScanStatus
    hits: tuple[Hit, ...]
    next_nonce: int
    next_version: int


class Kernel(Protocol):
    """One compiled scan loop. `lanes` is how many nonces it does at once."""

    @property
    def name(self) -> str:
        """The name that STAMPMILL_KERNEL, reports and benchmarks use."""

    @property
    def description(self) -> str:
        """One line for people."""

    @property
    def lanes(self) -> int:
        """Nonces per batch."""

    @property
    def max_versions(self) -> int:
        """The most versions that a single call shares work between."""

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range, releasing the GIL; return after the batch that held a hit."""
