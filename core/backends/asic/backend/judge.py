"""What a reply is worth: checked by hashing before anything is counted."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from stampmill.core.backends.asic.backend.job_table import Entry
from stampmill.core.backends.asic.board.base import Found
from stampmill.core.chain.target import meets_target
from stampmill.core.job import Work

VersionOf = Callable[[Work, Found], int | None]


class Worth(Enum):
    """What a reply turns out to be, best first."""

    GOOD = "good"
    STALE = "stale"
    """Good, but a clean job came since."""
    DUPLICATE = "duplicate"
    LOW_DIFFICULTY = "low difficulty"
    """A hash that chips report, but not one that ours were told to: the ticket may be lost."""
    HARDWARE_ERROR = "hardware error"
    FOREIGN_VERSION = "foreign version"
    """A version that the pool does not allow."""
    UNKNOWN_JOB = "unknown job"


class Judgement(NamedTuple):
    """A reply's worth; with the work and version that it was judged by, where there are any."""

    worth: Worth
    work: Work | None = None
    version: int = 0
    reportable: bool = False
    """The scheduler should see it: it meets the work's target, or claims to."""
    ticket_bits: int = 0
    """Of the job, beyond the board's own: what a good nonce stands for."""


def judge(
    found: Found, candidates: Iterable[Entry], version_of: VersionOf, zero_bits: int
) -> Judgement:
    """Return the best that a reply is for any of the works it may belong to."""
    judgements = _judgements(found, candidates, version_of, zero_bits)
    best = Judgement(Worth.UNKNOWN_JOB)
    for judgement in judgements:
        if _RANKS[judgement.worth] < _RANKS[best.worth]:
            best = judgement
    return best


def _judgements(
    found: Found, candidates: Iterable[Entry], version_of: VersionOf, zero_bits: int
) -> Iterator[Judgement]:
    for entry in candidates:
        version = version_of(entry.work, found)
        if version is None:
            yield Judgement(Worth.FOREIGN_VERSION)
        else:
            yield _judged(entry, found.nonce, version, zero_bits)


def _judged(entry: Entry, nonce: int, version: int, zero_bits: int) -> Judgement:
    work = entry.work
    digest = work.header(nonce, version).hash()
    zeros = 256 - int.from_bytes(digest, "little").bit_length()
    if zeros < zero_bits:
        return Judgement(Worth.HARDWARE_ERROR, work, version, reportable=True)
    if not entry.is_new(nonce, version):
        return Judgement(Worth.DUPLICATE, work, version)
    reportable = meets_target(digest, work.ticket_target)
    if zeros < zero_bits + entry.ticket_bits:
        return Judgement(Worth.LOW_DIFFICULTY, work, version, reportable)
    worth = Worth.STALE if entry.stale else Worth.GOOD
    return Judgement(worth, work, version, reportable, entry.ticket_bits)


_RANKS = {worth: rank for rank, worth in enumerate(Worth)}
