"""What a chip's cores find in one batch of versions: by hashing, or from captured answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from stampmill.core import native
from stampmill.core.backends.asic.chip.registers import VERSION_SHIFT
from stampmill.core.backends.asic.wire.jobs import FullJob, MidstateJob
from stampmill.core.chain.header import with_version
from stampmill.core.chain.sha256d import sha256d
from stampmill.core.emulator.chips.ticket import leading_zeros
from stampmill.core.errors import NoDeviceError

if native.available():
    from stampmill.core import native_sweep

AnyJob = FullJob | MidstateJob


@dataclass(frozen=True, slots=True)
class Batch:
    """What all cores of a chip hash at the same time.

    `counters` are version counters of a full job, one a sub-core; of a job of midstates, their
    indices. Core c's nonces are c << shift | (start + count) & mask, read big-endian.
    """

    job: AnyJob
    counters: tuple[int, ...]
    cores: int
    shift: int
    start: int
    zero_bits: int

    @property
    def mask(self) -> int:
        """The part of a nonce that is counted."""
        return (1 << self.shift) - 1


class Found(NamedTuple):
    """A hash with enough zero bits.

    `offset` counts from the start of the sweep; `slot` is the entry of the batch's counters.
    """

    offset: int
    word: int
    slot: int
    digest: bytes


class Search(Protocol):
    """A batch, ready to be gone through."""

    def run(self, first: int, end: int) -> Sequence[Found]:
        """Return what all cores find in the counts [first, end), in order."""


class Engine(Protocol):
    """Makes searches."""

    def search(self, batch: Batch) -> Search:
        """Make a batch ready."""


class HashingEngine:
    """Really hashes. Raise NoDeviceError where the C extension is not built."""

    def __init__(self) -> None:
        if not native.available():
            raise NoDeviceError(f"an emulated board hashes in C, and {native.why_unavailable()}")

    def search(self, batch: Batch) -> Search:
        """Make the midstates of a batch."""
        return _HashingSearch(batch)


class _HashingSearch:
    def __init__(self, batch: Batch) -> None:
        midstates, tail = _midstates(batch)
        self._cores = batch.cores
        self._sweep = native_sweep.Sweep(
            midstates, tail, zero_bits=min(batch.zero_bits, 32), cores=batch.cores,
            shift=batch.shift, start=batch.start, counter_mask=batch.mask,
        )  # fmt: skip

    def run(self, first: int, end: int) -> Sequence[Found]:
        hits = self._sweep.run(first * self._cores, end * self._cores)
        return [Found(step // self._cores, word, slot, digest) for step, word, slot, digest in hits]


class KnownAnswers:
    """Finds what is known to be there, and nothing else: for captured jobs at a chip's full rate.

    `headers` are whole headers whose hashes are good; each is hashed once, here.
    """

    def __init__(self, headers: Iterable[bytes]) -> None:
        self._answers: dict[bytes, list[tuple[int, int, bytes]]] = {}
        for header in headers:
            version = int.from_bytes(header[:4], "little")
            word = int.from_bytes(header[76:], "big")
            known = self._answers.setdefault(header[4:76], [])
            known.append((version, word, sha256d(header)))

    def search(self, batch: Batch) -> Search:
        """Look the job up; one of midstates is never known."""
        if isinstance(batch.job, MidstateJob):
            return _Known(())
        versions = {version: slot for slot, version in enumerate(_versions(batch))}
        return _Known(
            Found(_count_of(batch, word), word, versions[version], digest)
            for version, word, digest in self.of(batch.job)
            if version in versions
            and word >> batch.shift < batch.cores
            and leading_zeros(digest) >= batch.zero_bits
        )

    def of(self, job: FullJob) -> Sequence[tuple[int, int, bytes]]:
        """Return version, nonce and hash of every answer to a job."""
        return self._answers.get(job.prefix[4:], ())


class _Known:
    def __init__(self, found: Iterable[Found]) -> None:
        self._found = sorted(found)

    def run(self, first: int, end: int) -> Sequence[Found]:
        return [found for found in self._found if first <= found.offset < end]


def versions_of(job: FullJob, counters: Iterable[int]) -> list[int]:
    """Return the header versions of version counters."""
    base = int.from_bytes(job.prefix[:4], "little")
    return [base | counter << VERSION_SHIFT for counter in counters]


def _versions(batch: Batch) -> list[int]:
    assert isinstance(batch.job, FullJob)  # noqa: S101  asked for these only
    return versions_of(batch.job, batch.counters)


def _midstates(batch: Batch) -> tuple[list[bytes], bytes]:
    job = batch.job
    if isinstance(job, MidstateJob):
        return [job.midstates[index] for index in batch.counters], job.tail
    blocks = [with_version(job.prefix[:64], version) for version in _versions(batch)]
    return [native_sweep.midstate(block) for block in blocks], job.prefix[64:]


def _count_of(batch: Batch, word: int) -> int:
    return ((word & batch.mask) - batch.start) & batch.mask
