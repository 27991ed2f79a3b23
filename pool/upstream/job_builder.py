"""From a notify and the connection's terms to a Job; which jobs are new, and which are clean."""

from dataclasses import dataclass, replace
from functools import lru_cache

from stampmill.core.chain.target import target_from_difficulty, target_from_nbits
from stampmill.core.job import Job, ShareSink
from stampmill.pool.stratum.notifications import Notify

_MAX_REMEMBERED_JOBS = 32


@dataclass(frozen=True, slots=True)
class Terms:
    """What a connection has agreed on when a job arrives.

    `version_mask` None: no version rolling. A difficulty of 1 is the default before the first
    `mining.set_difficulty`.
    """

    extranonce1: bytes
    extranonce2_size: int
    difficulty: float = 1.0
    version_mask: int | None = None


def build_job(notify: Notify, terms: Terms, received_at: float, sink: ShareSink) -> Job:
    """Return the job; raise EncodingError for nBits that no chain allows."""
    return Job(
        id=notify.job_id,
        previous_hash=notify.previous_hash,
        coinbase1=notify.coinbase1,
        coinbase2=notify.coinbase2,
        extranonce1=terms.extranonce1,
        extranonce2_size=terms.extranonce2_size,
        merkle_branch=notify.merkle_branch,
        version=notify.version,
        version_mask=rollable_bits(notify.version, terms.version_mask),
        nbits=notify.nbits,
        ntime=notify.ntime,
        clean=notify.clean,
        difficulty=terms.difficulty,
        share_target=_share_target(terms.difficulty),
        network_target=target_from_nbits(notify.nbits),
        received_at=received_at,
        sink=sink,
    )


def rollable_bits(version: int, mask: int | None) -> int:
    """Return the bits a miner may set: those of the mask that the job leaves at zero.

    Servers read a rolled version as replaced, or'ed or xor'ed; while the job's own bits stay as
    they are, the first two agree.
    """
    return 0 if mask is None else mask & ~version


class JobTracker:
    """Judges each job by those before it on one connection."""

    __slots__ = ("_jobs", "current")

    def __init__(self) -> None:
        self.current: Job | None = None
        """The latest job, None before the first."""
        self._jobs: dict[str, Job] = {}

    def judge(self, job: Job) -> Job | None:
        """Return the job with its true clean flag, or None if it says nothing new."""
        if self.current is not None and _repeats(job, self.current):
            return None
        judged = job if job.clean or not self._is_clean(job) else replace(job, clean=True)
        self._remember(judged)
        return judged

    def reissue(self, version_mask: int | None, received_at: float) -> Job | None:
        """Return the current job with another version mask, or None where nothing changes."""
        if self.current is None:
            return None
        bits = rollable_bits(self.current.version, version_mask)
        if bits == self.current.version_mask:
            return None
        self.current = replace(
            self.current, version_mask=bits, clean=False, received_at=received_at
        )
        return self.current

    def regrade(self, difficulty: float, received_at: float) -> Job | None:
        """Return the current job with another difficulty, None before the first."""
        if self.current is not None:
            self.current = replace(
                self.current,
                difficulty=difficulty,
                share_target=_share_target(difficulty),
                clean=False,
                received_at=received_at,
            )
        return self.current

    def make_clean(self) -> Job | None:
        """Return the current job as the first that is handed out, whatever came before it."""
        if self.current is not None:
            self.current = replace(self.current, clean=True)
        return self.current

    def _is_clean(self, job: Job) -> bool:
        """Tell a new block, whatever the flag says, or an id that now means something else."""
        if self.current is None or job.previous_hash != self.current.previous_hash:
            return True
        earlier = self._jobs.get(job.id)
        return earlier is not None and _content(earlier) != _content(job)

    def _remember(self, job: Job) -> None:
        if job.clean:
            self._jobs.clear()
        self._jobs[job.id] = job
        if len(self._jobs) > _MAX_REMEMBERED_JOBS:
            del self._jobs[next(iter(self._jobs))]
        self.current = job


def _repeats(job: Job, current: Job) -> bool:
    """Tell whether a job is the current one again; a flag going from true to false is no news."""
    if job.id != current.id or (job.clean and not current.clean):
        return False
    return replace(job, clean=current.clean, received_at=current.received_at) == current


def _content(job: Job) -> tuple[object, ...]:
    """Return all that a share's hash depends on."""
    return (
        job.previous_hash, job.coinbase1, job.coinbase2, job.extranonce1, job.extranonce2_size,
        job.merkle_branch, job.version, job.nbits, job.ntime,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _share_target(difficulty: float) -> int:
    return target_from_difficulty(difficulty)
