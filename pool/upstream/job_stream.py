"""A connection's terms as they change, and the jobs that come under them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from stampmill.core.errors import EncodingError
from stampmill.core.job import Job, ShareSink
from stampmill.pool.stratum.answers import SubscribeResult
from stampmill.pool.stratum.drops import Drop, UnusableMessageError
from stampmill.pool.stratum.notifications import Notify, SetExtranonce
from stampmill.pool.upstream.job_builder import JobTracker, Terms, build_job

if TYPE_CHECKING:
    from stampmill.pool.payout.address import Payout

MINER_BITS = 0x1FFFFFFF
"""Version bits that may be rolled at all: 29 to 31 are BIP9's, and blocks without them invalid."""


class JobStream:
    """Joins each notify with what is agreed at that moment.

    Notifications in front of the subscribe answer are legal, if rare: they are kept until the
    extranonces are known. `asked_mask` is what was asked for in `mining.configure`, `payout` whom
    each job has to pay.
    """

    __slots__ = (
        "_asked_mask",
        "_early_notify",
        "_payout",
        "_sink",
        "_told_difficulty",
        "_tracker",
        "subscribed",
        "terms",
    )

    def __init__(self, asked_mask: int, sink: ShareSink, payout: "Payout | None" = None) -> None:
        self.terms = Terms(b"", 0)
        self.subscribed = False
        self._asked_mask = asked_mask & MINER_BITS
        self._payout = payout
        self._told_difficulty = False
        self._sink = sink
        self._tracker = JobTracker()
        self._early_notify: tuple[Notify, float] | None = None

    def subscribe(self, result: SubscribeResult) -> None:
        """Take the first extranonces."""
        self.subscribed = True
        self.set_extranonce(SetExtranonce(result.extranonce1, result.extranonce2_size))

    def take_early(self) -> Job | None:
        """Return the job that came before the extranonces, as `notify` would have."""
        early, self._early_notify = self._early_notify, None
        return None if early is None else self.notify(*early)

    def first(self) -> Job | None:
        """Return the latest job as the first that is handed out: clean."""
        return self._tracker.make_clean()

    def notify(self, notify: Notify, received_at: float) -> Job | None:
        """Return a new job; raise UnusableMessageError for a bad or repeated one."""
        if not self.subscribed:
            self._early_notify = (notify, received_at)
            return None
        try:
            job = build_job(notify, self.terms, received_at, self._sink)
        except EncodingError as error:
            raise UnusableMessageError(Drop.BAD_JOB, f"mining.notify: {error}") from error
        if self._payout is not None and (why := _why_unpaid(job, self._payout)):
            raise UnusableMessageError(Drop.PAYS_OTHERS, f"job {notify.job_id}: {why}")
        judged = self._tracker.judge(job)
        if judged is None:
            text = f"job {notify.job_id} came twice"
            raise UnusableMessageError(Drop.DUPLICATE_JOB, text)
        return judged

    def set_difficulty(self, difficulty: float, now: float) -> tuple[bool, Job | None]:
        """Take a difficulty for the next job; tell whether it is another one.

        The first of all holds for the job that is out too, which is then returned again: a server
        that sends it behind the job never meant its shares to be of difficulty 1.
        """
        changed = difficulty != self.terms.difficulty
        first, self._told_difficulty = not self._told_difficulty, True
        self.terms = replace(self.terms, difficulty=difficulty)
        again = self._tracker.regrade(difficulty, now) if first and changed else None
        return changed, again

    def set_extranonce(self, message: SetExtranonce) -> None:
        """Take extranonces for the next job."""
        self.terms = replace(
            self.terms,
            extranonce1=message.extranonce1,
            extranonce2_size=message.extranonce2_size,
        )

    def agree(self, mask: int | None, now: float) -> Job | None:
        """Take the answer to configure; return the job that is out with the bits it now has."""
        agreed = None if mask is None else mask & self._asked_mask
        self.terms = replace(self.terms, version_mask=agreed)
        return self._tracker.reissue(agreed, now)

    def set_version_mask(self, mask: int, now: float) -> Job | None:
        """Take another mask, at once; raise UnusableMessageError if none was ever agreed."""
        if self.terms.version_mask is None:
            text = "a version mask without an agreement"
            raise UnusableMessageError(Drop.VERSION_MASK_NOT_AGREED, text)
        return self.agree(mask, now)


def _why_unpaid(job: Job, payout: "Payout") -> str:
    # Most users have no coinbase checked, and go without what reads it.
    from stampmill.pool.payout.check import why_unpaid  # noqa: PLC0415

    return why_unpaid(job, payout)
