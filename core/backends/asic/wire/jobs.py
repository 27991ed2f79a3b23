"""BM13xx jobs, host to chip: whole headers, or midstates for the older chips.

On the line a job is the header read backwards word by word. Here everything is in header order.
"""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.wire.commands import TO_CHIP
from stampmill.core.backends.asic.wire.crc import crc16
from stampmill.core.backends.asic.wire.words import reverse_words
from stampmill.core.errors import EncodingError

JOB_HEADER = 0x21
JOB_IDS = 32
"""Both forms carry five bits of job id."""

FULL_JOB_SIZE = 88
_TRUE_LENGTH = FULL_JOB_SIZE - 2
_MIDSTATE_LENGTH = 22  # without midstates


class JobForm(Enum):
    """What a chip takes as a job."""

    FULL = "full header"
    MIDSTATE = "midstates"


@dataclass(frozen=True, slots=True)
class FullJob:
    """A whole header but its nonce, of which the chip rolls the version itself.

    `prefix` is the first 76 header bytes. The length byte is not what chips go by: factory firmware
    sends 0x36, others the true count or 0xff.
    """

    job_id: int
    prefix: bytes
    start: bytes = bytes(4)
    """Starting nonce, as on the line; always zero in captures."""
    midstates: int = 1
    """The byte that older chips count midstates in; without meaning here."""
    length: int = _TRUE_LENGTH

    def encode(self) -> bytes:
        """Return the frame, start marker and CRC16 included."""
        _check(self.job_id, len(self.prefix) == 76 and len(self.start) == 4)
        head = bytes((JOB_HEADER, self.length, self.job_id << 3, self.midstates))
        return _sealed(head + self.start + reverse_words(self.prefix))


@dataclass(frozen=True, slots=True)
class MidstateJob:
    """One to four midstates of headers that differ in their version alone.

    A midstate is 32 bytes, state words H0 to H7, each most significant byte first; `tail` is header
    bytes 64 to 75. `used` says how many of the midstates are in use, from the first.
    """

    job_id: int
    midstates: tuple[bytes, ...]
    tail: bytes
    used: int
    start: bytes = bytes(4)

    def encode(self) -> bytes:
        """Return the frame, start marker and CRC16 included."""
        fits = len(self.tail) == 12 and all(len(state) == 32 for state in self.midstates)
        _check(self.job_id, fits and 1 <= len(self.midstates) <= 4)
        length = _MIDSTATE_LENGTH + 32 * len(self.midstates)
        head = bytes((JOB_HEADER, length, self.job_id << 2, self.used))
        states = b"".join(reverse_words(state) for state in self.midstates)
        return _sealed(head + self.start + reverse_words(self.tail) + states)


def job_size(frame: bytes, form: JobForm) -> int | None:
    """Return the size of the job that the bytes begin, or None if they begin none.

    Needs the marker, the header and the length byte.
    """
    header, length = frame[2], frame[3]
    if header != JOB_HEADER:
        return None
    if form is JobForm.FULL:
        return FULL_JOB_SIZE
    midstates, rest = divmod(length - _MIDSTATE_LENGTH, 32)
    return 2 + length if not rest and 1 <= midstates <= 4 else None


def decode_job(frame: bytes, form: JobForm) -> FullJob | MidstateJob | None:
    """Return the job of a frame cut by `job_size`, or None if its CRC16 is wrong."""
    if crc16(frame[2:-2]) != int.from_bytes(frame[-2:], "big"):
        return None
    length, job, used, start, body = frame[3], frame[4], frame[5], frame[6:10], frame[10:-2]
    if form is JobForm.FULL:
        return FullJob(job >> 3, reverse_words(body), start, used, length)
    states = tuple(reverse_words(body[at : at + 32]) for at in range(12, len(body), 32))
    return MidstateJob(job >> 2, states, reverse_words(body[:12]), used, start)


def _check(job_id: int, fits: bool) -> None:
    if not 0 <= job_id < JOB_IDS or not fits:
        raise EncodingError(f"job {job_id} does not fit a job frame")


def _sealed(body: bytes) -> bytes:
    return TO_CHIP + body + crc16(body).to_bytes(2, "big")
