"""Between source and backends: hands out work, judges nonces, sends shares, counts everything."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from stampmill.core.backends.base import Backend
from stampmill.core.chain import target
from stampmill.core.events import HardwareError, JobArrived, Notice, Observer, ShareAnswered
from stampmill.core.job import Job, Nonce, RejectReason, Share, ShareResult, ShareSink, Verdict
from stampmill.core.stats import Stats, Tally, fate_of
from stampmill.core.verify import Finding, verify
from stampmill.core.work import ExtranonceCounter, TicketFeed, WorkSpace

# Pools take shares of old jobs for five to ten minutes and send a job every 30 s or so; a pool that
# sends hundreds a second must not make us keep them all.
_LIVE_JOBS = 64

# Enough to catch a nonce reported twice, and a job that a pool sends twice.
_REMEMBERED_SHARES = 65_536


class Holder(Enum):
    """Who may pause a run: neither ends the other's pause."""

    OPERATOR = "operator"
    POLICY = "policy"


class Scheduler:
    """The JobListener of a run. Everything happens on the event loop."""

    def __init__(
        self,
        backends: Sequence[Backend],
        stats: Stats,
        clock: Callable[[], float],
        observer: Observer,
    ) -> None:
        self.stats = stats
        self.job: Job | None = None
        self._backends = list(backends)
        self._clock = clock
        self._observer = observer
        self._live: OrderedDict[int, Job] = OrderedDict()
        self._sent: OrderedDict[bytes, Tally] = OrderedDict()
        """The shares that were found, with the tally of the device that found each."""
        self._extranonces = ExtranonceCounter()
        self._pauses: dict[Holder, str] = {}
        self._resting: frozenset[Backend] = frozenset()
        self._held: frozenset[Backend] = frozenset()

    @property
    def resting(self) -> frozenset[Backend]:
        """The backends that are to rest, whatever the others do."""
        return self._resting

    @property
    def held(self) -> frozenset[Backend]:
        """The backends that the rules let rest."""
        return self._held

    def enable(self, backend: Backend, *, wanted: bool) -> None:
        """Let one backend rest, or go on with the latest job."""
        with self._others_turning():
            self._resting = self._resting - {backend} if wanted else self._resting | {backend}

    def hold(self, backends: Iterable[Backend]) -> None:
        """Let these backends rest for the rules' sake, and no others; `enable` is apart from it."""
        with self._others_turning():
            self._held = frozenset(backends)

    @property
    def paused(self) -> str:
        """Who paused the run; nothing while it mines."""
        return ", ".join(self._pauses.values())

    def pause(self, who: str, by: Holder = Holder.OPERATOR) -> None:
        """Let all backends rest until `resume`; jobs are followed, and late shares still count.

        Each holder has a pause of its own, and the run goes on when the last one has ended.
        """
        known = by in self._pauses
        with self._others_turning():
            self._pauses[by] = who
        if not known and by is Holder.OPERATOR:
            self._observer(Notice(f"mining paused by {who}", warning=True))

    def resume(self, by: Holder = Holder.OPERATOR) -> None:
        """End the pause of one holder, and go on with the latest job if it was the last."""
        with self._others_turning():
            was = self._pauses.pop(by, None)
        if self._pauses:
            self._observer(Notice(f"mining stays paused by {self.paused}", about="miner"))
        elif was is not None:
            self._observer(Notice("mining goes on", about="miner"))

    def on_job(self, job: Job) -> None:
        """Give the job to every backend; a clean one kills all earlier work of its source."""
        if job.clean:
            self._bury(job.sink)
        self._keep_alive(job)
        self.job = job
        self._hand_out(self._workers())
        self.stats.jobs += 1
        self.stats.pool(job.sink).jobs += 1
        self.stats.clean_jobs += job.clean
        self._observer(JobArrived(job))

    def on_no_job(self, why: str) -> None:
        """Stop all backends; shares still on their way go to their source, which counts them."""
        self.job = None
        for backend in self._backends:
            backend.idle()
        self._observer(Notice(f"mining paused: {why}", warning=True))

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        """Pass a line on to the views."""
        self._observer(Notice(text, warning))

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        """Count what became of a share."""
        self._count(share, result)
        if result.latency is not None:
            self.stats.pool_answer.add(result.latency)
        self._observer(ShareAnswered(share, result))

    def on_nonce(self, nonce: Nonce, backend: Backend | None = None) -> None:
        """Verify a nonce of a backend's and send it, or count why not."""
        finding, share = verify(nonce)
        device = self.stats.device((backend, nonce.device))
        if finding is Finding.HARDWARE_ERROR:
            self.stats.hardware_errors += 1
            device.hardware_errors += 1
            self._observer(HardwareError(nonce))
            return
        device.nonces += 1
        device.last_nonce_at = nonce.found_at
        if share is None:
            self.stats.below_share += 1
        elif self._is_duplicate(share, device):
            self.stats.duplicates += 1
        elif self._is_dead(share):
            self.on_share_result(share, ShareResult(Verdict.STALE, text="its job was replaced"))
        else:
            self._send(share)

    def add(self, backend: Backend) -> None:
        """Give work to one more backend, the latest job at once."""
        with self._others_turning():
            self._backends.append(backend)

    def take_over(self, old: Backend, new: Backend) -> None:
        """Give work to one more backend, which rests where the removed one was to rest."""
        with self._others_turning():
            self._backends.append(new)
            self._resting = _renamed(self._resting, old, new)
            self._held = _renamed(self._held, old, new)

    def remove(self, backend: Backend) -> None:
        """Give no more work to a backend that failed."""
        if backend in self._backends:
            self._backends.remove(backend)

    def _send(self, share: Share) -> None:
        self.stats.submitted += 1
        self.stats.best_difficulty = max(self.stats.best_difficulty, share.difficulty)
        share.job.sink.submit(share)
        self.stats.share_path.add(self._clock() - share.nonce.found_at)

    def _count(self, share: Share, result: ShareResult) -> None:
        now = self._clock()
        self.stats.pool(share.job.sink).add(share, result, now)
        if device := self._sent.get(share.hash):
            device.add(share, result, now)
        match fate_of(result):
            case Verdict.ACCEPTED:
                self.stats.accepted += 1
                self.stats.accepted_difficulty += share.job.difficulty
                self.stats.last_accepted_at = now
                self.stats.blocks += share.solves_block
            case Verdict.REJECTED:
                self.stats.rejected += 1
                reason = result.reason or RejectReason.OTHER
                self.stats.reject_reasons[reason.value] += 1
            case Verdict.STALE:
                self.stats.stale += 1
            case Verdict.LOST:
                self.stats.lost += 1
            case Verdict.UNANSWERED:
                self.stats.unanswered += 1

    def _workers(self) -> list[Backend]:
        """Return the backends that should be at work now."""
        if self.job is None or self._pauses:
            return []
        idle = self._resting | self._held
        return [backend for backend in self._backends if backend not in idle]

    @contextmanager
    def _others_turning(self) -> Iterator[None]:
        """Let those rest that should no longer work after what happens inside, and the reverse."""
        before = self._workers()
        yield
        after = self._workers()
        for backend in before:
            if backend not in after:
                backend.idle()
        self._hand_out([backend for backend in after if backend not in before], self._clock())

    def _hand_out(self, backends: Sequence[Backend], since: float | None = None) -> None:
        """Give them work from the latest job; `since` is when that was wanted, if later."""
        if self.job is None or not backends:
            return
        space = WorkSpace(self.job, self._extranonces, self._clock)
        for backend in backends:
            self._hand_over(backend, space, since)

    def _hand_over(self, backend: Backend, space: WorkSpace, since: float | None) -> None:
        ticket = backend.capabilities().ticket_difficulty
        easiest = space.job.report_target
        if ticket is not None:
            easiest = max(easiest, target.target_from_difficulty(ticket))
        feed = TicketFeed(space, easiest, since)
        if space.job.clean:
            backend.replace(feed)
        else:
            backend.update(feed)

    def _bury(self, sink: ShareSink) -> None:
        for key in [key for key, job in self._live.items() if job.sink == sink]:
            del self._live[key]

    def _keep_alive(self, job: Job) -> None:
        self._live[id(job)] = job
        while len(self._live) > _LIVE_JOBS:
            self._live.popitem(last=False)

    def _is_duplicate(self, share: Share, device: Tally) -> bool:
        # By hash, for a pool may send one job under two ids, and counts a header once.
        if share.hash in self._sent:
            return True
        self._sent[share.hash] = device
        if len(self._sent) > _REMEMBERED_SHARES:
            self._sent.popitem(last=False)
        return False

    def _is_dead(self, share: Share) -> bool:
        # A block is worth sending even late: the pool may build on the other side of a fork.
        return id(share.job) not in self._live and not share.solves_block


def _renamed(backends: frozenset[Backend], old: Backend, new: Backend) -> frozenset[Backend]:
    return backends - {old} | {new} if old in backends else backends
