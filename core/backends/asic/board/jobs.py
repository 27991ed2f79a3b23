"""Work -> the job frame that a chip takes, and the version that it then means."""

import struct

from stampmill.core import native
from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.wire.jobs import FullJob, MidstateJob
from stampmill.core.chain.sha256d import midstate
from stampmill.core.job import Work

if native.available():
    from stampmill.core.native_sweep import midstate as _midstate
else:  # about a millisecond each

    def _midstate(block: bytes) -> bytes:
        return struct.pack(">8I", *midstate(block))


_MIDSTATES = 4
"""Frames always have room for so many, as ESP-Miner's have."""


def job_frame(chip: Chip, job_id: int, work: Work) -> FullJob | MidstateJob:
    """Return the job for a piece of work whose whole nonce range is to be searched."""
    if chip.rolls_versions:
        return FullJob(job_id, work.prefix())
    states = midstates_of(work)
    empty = (bytes(32),) * (_MIDSTATES - len(states))
    return MidstateJob(job_id, states + empty, work.prefix()[64:], len(states))


def header_version(chip: Chip, work: Work, roll: int) -> int | None:
    """Return the version that a reply's roll stands for, or None if the work has no such one."""
    if chip.rolls_versions:
        version = work.versions[0] | roll
        return version if version in work.versions else None
    return work.versions[roll] if roll < len(work.versions) else None


def midstates_of(work: Work) -> tuple[bytes, ...]:
    """Return the midstate of each of the work's versions, words most significant byte first."""
    blocks = (work.header(version=version).to_bytes()[:64] for version in work.versions)
    return tuple(map(_midstate, blocks))
