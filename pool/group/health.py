"""One pool judged by what it delivers, without I/O: jobs and answers in, a verdict out."""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.job import Job, ShareResult, Verdict
from stampmill.pool.group.limits import GroupLimits


class Fault(Enum):
    """Why a connected pool is not worth mining on."""

    REJECTS = "it only rejects"
    STUCK = "its job never changes"
    OLD_TIP = "it builds on a block that is long out of date"


@dataclass(eq=False)
class Health:
    """What a pool has delivered lately. Times are monotonic seconds."""

    limits: GroupLimits
    quota: int = 1
    """Its part of the work, beside the others', where all are mined on in turns."""
    served: float = 0.0
    """For how long it was mined on, by its quota."""
    job: Job | None = None
    failed: bool = False
    """It had its chance since it was dialled, and used none."""
    times_left: int = 0
    asked_for: bool = False
    """The user wants it now, stable or not."""
    _dialled_at: float | None = None
    _since: float = 0.0
    _changed_at: float = 0.0
    _tip_at: float = 0.0
    _rejects: int = 0

    def on_dial(self, now: float) -> None:
        """Begin anew: the pool is being dialled."""
        self._dialled_at, self.failed = now, False

    def on_hung_up(self) -> None:
        """Note that it is no longer wanted, for no fault of its own."""
        self.job, self._dialled_at, self.failed = None, None, False

    def on_job(self, job: Job, now: float) -> None:
        """Take the pool's latest job."""
        last = self.job
        if last is None:
            self._since, self._rejects = now, 0
        if last is None or _content(job) != _content(last):
            self._changed_at = now
        if last is None or job.previous_hash != last.previous_hash:
            self._tip_at = now
        self.job, self.failed = job, False

    def on_no_job(self) -> None:
        """Note that the connection is gone."""
        self.job, self.failed = None, True

    def on_result(self, result: ShareResult) -> None:
        """Count rejects in a row; a share lost on its way says nothing."""
        if result.verdict is Verdict.ACCEPTED:
            self._rejects = 0
        elif result.verdict is Verdict.REJECTED:
            self._rejects += 1

    def on_left(self) -> None:
        """Note that it was left for what it delivered."""
        self.job, self.failed, self.asked_for = None, True, False
        self.times_left += 1

    def on_proved(self) -> None:
        """Forgive what was before: it has been mined on for long."""
        self.times_left = 0

    def fault(self, now: float) -> Fault | None:
        """Return why the pool should be left, if it should."""
        if self.job is None:
            return None
        if self._rejects >= self.limits.rejects:
            return Fault.REJECTS
        if now - self._changed_at >= self.limits.stuck:
            return Fault.STUCK
        if self.job.block_target and now - self._tip_at >= self.limits.same_tip:
            return Fault.OLD_TIP
        return None

    def had_its_chance(self, now: float) -> bool:
        """Tell whether to dial the next one too: this one failed, or takes too long."""
        if self.job is not None or self._dialled_at is None:
            return False
        return self.failed or now - self._dialled_at >= self.limits.first_job

    def is_stable(self, now: float) -> bool:
        """Tell whether it has had jobs for long enough to be gone back to."""
        wanted = min(self.limits.stable * 2**self.times_left, self.limits.most_stable)
        return self.job is not None and (self.asked_for or now - self._since >= wanted)


def _content(job: Job) -> tuple[object, ...]:
    """Return what makes a job another job, whatever it is called."""
    return job.previous_hash, job.coinbase1, job.coinbase2, job.merkle_branch, job.ntime
