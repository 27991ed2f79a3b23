"""Shares on their way: each gets exactly one result."""

from dataclasses import dataclass

from stampmill.core.job import Share, ShareResult, Verdict
from stampmill.pool.stratum.answers import Answer, PoolError
from stampmill.pool.upstream.events import ShareAnswered


@dataclass(frozen=True, slots=True)
class _PendingShare:
    share: Share
    sent_at: float


class ShareLedger:
    """Shares without an answer yet: at most `most`, each for `seconds`, in the order sent."""

    __slots__ = ("_most", "_pending", "_seconds", "silent_row")

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._pending: dict[int, _PendingShare] = {}
        self.silent_row = 0
        """Shares that expired since the last answer to one."""

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def full(self) -> bool:
        """Whether no further share may be sent before an answer comes."""
        return len(self._pending) >= self._most

    def add(self, request_id: int, share: Share, now: float) -> None:
        """Start to wait."""
        self._pending[request_id] = _PendingShare(share, now)

    def answer(self, request_id: int, answer: Answer, now: float) -> ShareAnswered | None:
        """Return the fate of the share with that id, or None if no share has it."""
        pending = self._pending.pop(request_id, None)
        if pending is None:
            return None
        self.silent_row = 0
        return ShareAnswered(pending.share, _result(answer, now - pending.sent_at))

    def expire(self, now: float) -> list[ShareAnswered]:
        """Return the overdue shares as unanswered."""
        overdue: list[ShareAnswered] = []
        while (deadline := self.deadline()) is not None and deadline <= now:
            share = self._pending.pop(next(iter(self._pending))).share
            result = ShareResult(Verdict.UNANSWERED, text="the pool kept silent about it")
            overdue.append(ShareAnswered(share, result))
        self.silent_row += len(overdue)
        return overdue

    def deadline(self) -> float | None:
        """Return when the oldest is overdue."""
        oldest = next(iter(self._pending.values()), None)
        return None if oldest is None else oldest.sent_at + self._seconds

    def lose(self, text: str) -> list[ShareAnswered]:
        """Return all of them as lost."""
        result = ShareResult(Verdict.LOST, text=text)
        lost = [ShareAnswered(pending.share, result) for pending in self._pending.values()]
        self._pending.clear()
        return lost


def _result(answer: Answer, latency: float) -> ShareResult:
    if answer.accepted:
        # Some servers say true and give an error beside it; the share counts.
        text = "" if answer.error is None else str(answer.error)
        return ShareResult(Verdict.ACCEPTED, None, text, latency)
    error = answer.error or PoolError()
    return ShareResult(Verdict.REJECTED, error.reason, str(error), latency)
