from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core import scheduler
from stampmill.core.chain import target
from stampmill.core.events import Event, HardwareError, JobArrived, Notice, ShareAnswered
from stampmill.core.job import Job, Nonce, RejectReason, Share, ShareResult, Verdict
from stampmill.core.scheduler import Scheduler
from stampmill.core.stats import Stats

from .fakes import EASY, Clock, MemoryBackend, Sink, first_nonce, make_job, make_work
from .known_shares import known_nonce, known_share

NONE_IS_A_SHARE = 1

E = TypeVar("E", Notice, JobArrived, ShareAnswered, HardwareError)


class Bench:
    """A scheduler with its backends, and a pool that answers when it is told to."""

    def __init__(self, *backends: MemoryBackend) -> None:
        self.clock = Clock()
        self.stats = Stats()
        self.events: list[Event] = []
        self.backends = backends or (MemoryBackend(),)
        self.scheduler = Scheduler(self.backends, self.stats, self.clock, self.events.append)
        self.sink = Sink()

    def job(self, **changes: Any) -> Job:
        """Send a job of our pool and return it."""
        job = make_job(self.sink, **changes)
        self.scheduler.on_job(job)
        return job

    def mine(self, backend: int = 0, shares: int = 1) -> list[Nonce]:
        """Let a backend hash until it has found so much; nothing is reported."""
        found: list[Nonce] = []
        while len(found) < shares:
            found += self.backends[backend].mine()
        return found

    def find(self) -> Nonce:
        """Return a share that was found and not yet reported."""
        return self.mine()[0]

    def report(self, *nonces: Nonce) -> None:
        for nonce in nonces:
            self.scheduler.on_nonce(nonce)

    def answer(self, verdict: Verdict, reason: RejectReason | None = None) -> None:
        """Find a share, send it, and let the pool say this of it."""
        self.report(self.find())
        self.scheduler.on_share_result(
            self.sink.shares[-1], ShareResult(verdict, reason, latency=0.5)
        )

    @property
    def sent(self) -> list[Nonce]:
        return [share.nonce for share in self.sink.shares]

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


def counted(stats: Stats) -> dict[str, int]:
    """Return the counters in which a nonce may end, without the empty ones."""
    names = (
        "accepted", "rejected", "stale", "lost", "unanswered",
        "duplicates", "hardware_errors", "below_share",
    )  # fmt: skip
    return {name: getattr(stats, name) for name in names if getattr(stats, name)}


# Jobs


def test_a_clean_job_replaces_the_work_of_every_backend() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    bench.job(clean=True)
    assert [backend.calls for backend in bench.backends] == [["replace"], ["replace"]]


def test_a_job_that_is_not_clean_updates_every_backend() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    bench.job(clean=False)
    assert [backend.calls for backend in bench.backends] == [["update"], ["update"]]


def test_jobs_are_counted_and_told() -> None:
    bench = Bench()
    jobs = [bench.job(clean=True), bench.job(clean=False)]
    assert (bench.stats.jobs, bench.stats.clean_jobs) == (2, 1)
    assert bench.told(JobArrived) == [JobArrived(job) for job in jobs]
    assert bench.scheduler.job is jobs[-1]


def test_backends_never_get_the_same_work() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    bench.job()
    bench.report(*bench.mine(0, shares=5), *bench.mine(1, shares=5))
    assert len({share.hash for share in bench.sink.shares}) == len(bench.sent) >= 10


def test_a_backend_reports_at_the_share_target_unless_it_has_a_ticket() -> None:
    bench = Bench()
    bench.job(share_target=EASY >> 5)
    assert bench.find().work.ticket_target == EASY >> 5


def test_a_backend_reports_at_its_own_easier_ticket() -> None:
    difficulty = target.difficulty_of_target(EASY)
    bench = Bench(MemoryBackend(ticket_difficulty=difficulty))
    bench.job(share_target=NONE_IS_A_SHARE)
    assert bench.find().work.ticket_target == target.target_from_difficulty(difficulty)


def test_a_ticket_harder_than_a_share_gives_way_to_the_share() -> None:
    bench = Bench(MemoryBackend(ticket_difficulty=1000.0))
    bench.job(share_target=EASY)
    assert bench.find().work.ticket_target == EASY


def test_blocks_are_reported_where_shares_are_harder() -> None:
    bench = Bench()
    bench.job(share_target=1, network_target=target.DIFFICULTY_1_TARGET)
    work = bench.backends[0].feed and bench.backends[0].feed.take(1, 1)
    assert work
    assert work.ticket_target == target.DIFFICULTY_1_TARGET


def test_extranonce2_goes_on_in_the_next_job() -> None:
    bench = Bench()
    first = [bench.find().work.extranonce2 for _ in range(3) if bench.job(clean=True)]
    assert [int.from_bytes(value, "big") for value in first] == [0, 1, 2]


def test_extranonce2_goes_on_over_a_reconnect_that_resumes() -> None:
    """A pool may give back the same extranonce1 and job, and would see every share twice."""
    bench = Bench()
    job = bench.job()
    before = bench.find().work
    bench.scheduler.on_job(make_job(Sink(), extranonce1=b"\xff"))
    bench.scheduler.on_job(replace(job, sink=Sink()))
    assert bench.find().work.extranonce2 > before.extranonce2


def test_a_removed_backend_gets_no_more_work() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    bench.scheduler.remove(bench.backends[0])
    bench.scheduler.remove(bench.backends[0])
    bench.job()
    assert [backend.calls for backend in bench.backends] == [[], ["replace"]]


# No job


def test_without_a_job_every_backend_rests() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    bench.job()
    bench.scheduler.on_no_job("the connection is gone")
    assert [backend.calls[-1] for backend in bench.backends] == ["idle", "idle"]
    assert bench.scheduler.job is None
    assert bench.told(Notice) == [Notice("mining paused: the connection is gone", warning=True)]


def test_a_nonce_found_before_the_pause_still_goes_to_its_source() -> None:
    bench = Bench()
    bench.job()
    nonce = bench.find()
    bench.scheduler.on_no_job("the connection is gone")
    bench.report(nonce)
    assert bench.sent == [nonce]


def test_the_next_job_ends_the_pause() -> None:
    bench = Bench()
    bench.job()
    bench.scheduler.on_no_job("the connection is gone")
    job = bench.job(clean=False)
    assert bench.backends[0].calls == ["replace", "idle", "update"]
    assert bench.find().work.job is job


# Shares


def test_a_share_goes_to_the_source_of_its_job() -> None:
    bench, other = Bench(), Sink()
    bench.job()
    nonce = bench.find()
    bench.scheduler.on_job(make_job(other, clean=False))
    bench.report(nonce)
    assert bench.sent == [nonce]
    assert other.shares == []


def test_a_late_share_of_an_updated_job_is_sent() -> None:
    bench = Bench()
    bench.job()
    nonce = bench.find()
    bench.job(clean=False)
    bench.report(nonce)
    assert bench.sent == [nonce]


def test_a_late_share_of_a_cleaned_job_is_stale() -> None:
    bench = Bench()
    bench.job()
    nonce = bench.find()
    bench.job(clean=True)
    bench.report(nonce)
    assert bench.sent == []
    assert counted(bench.stats) == {"stale": 1}
    [event] = bench.told(ShareAnswered)
    assert (event.share.nonce, event.result.verdict) == (nonce, Verdict.STALE)


def test_a_clean_job_kills_all_earlier_ones() -> None:
    bench = Bench()
    nonces = []
    for _ in range(5):
        bench.job(clean=False)
        nonces.append(bench.find())
    bench.job(clean=True)
    bench.report(*nonces)
    assert counted(bench.stats) == {"stale": 5}


def test_a_block_is_sent_though_its_job_is_dead() -> None:
    bench = Bench()
    nonce = known_nonce(known_share("testnet3 block 49291"), sink=bench.sink)
    bench.scheduler.on_job(nonce.work.job)
    bench.job(clean=True)
    bench.report(nonce)
    assert bench.sent == [nonce]


def test_a_late_block_is_sent_once() -> None:
    bench = Bench()
    nonce = known_nonce(known_share("testnet3 block 49291"), sink=bench.sink)
    bench.scheduler.on_job(nonce.work.job)
    bench.report(nonce)
    bench.job(clean=True)
    bench.report(nonce)
    assert bench.sent == [nonce]
    assert bench.stats.duplicates == 1


def test_a_late_solution_of_a_test_chain_is_stale() -> None:
    bench = Bench()
    nonce = known_nonce(known_share("regtest"), sink=bench.sink)
    bench.scheduler.on_job(nonce.work.job)
    bench.job(clean=True)
    bench.report(nonce)
    assert counted(bench.stats) == {"stale": 1}


def test_a_nonce_reported_twice_is_sent_once() -> None:
    bench = Bench()
    bench.job()
    nonce = bench.find()
    bench.report(nonce, nonce, nonce)
    assert bench.sent == [nonce]
    assert counted(bench.stats) == {"duplicates": 2}


def test_the_same_header_under_another_job_id_is_sent_once() -> None:
    """A pool that changes the difficulty may send the same job again under another id."""
    bench = Bench()
    work = make_work(bench.job(id="a"))
    bench.report(first_nonce(work))
    bench.report(first_nonce(replace(work, job=bench.job(id="b", clean=False))))
    assert len(bench.sent) == 1
    assert bench.stats.duplicates == 1


def test_a_nonce_under_another_version_is_another_share() -> None:
    bench = Bench(MemoryBackend(max_versions=4))
    bench.job(share_target=target.MAX_TARGET, version_mask=0x6000)
    found = bench.mine(shares=4)[:4]
    bench.report(*found)
    assert len({nonce.nonce for nonce in found}) == 1
    assert bench.sent == found


def test_only_so_many_jobs_stay_alive() -> None:
    bench = Bench()
    nonces = []
    for _ in range(100):
        bench.job(clean=False)
        nonces.append(bench.find())
    bench.report(*nonces)
    assert bench.sent == nonces[-64:]
    assert counted(bench.stats) == {"stale": 36}


def test_the_latest_shares_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "_REMEMBERED_SHARES", 100)
    bench = Bench()
    bench.job()
    found = bench.mine(shares=200)
    bench.report(*found)
    assert len(bench.scheduler._sent) == 100
    bench.report(*found[-100:])
    assert bench.stats.duplicates == 100


# Nonces that are no shares


def test_a_nonce_below_a_share_counts_for_nothing_else() -> None:
    bench = Bench(MemoryBackend(ticket_difficulty=target.difficulty_of_target(EASY)))
    bench.job(share_target=NONE_IS_A_SHARE)
    bench.report(*bench.mine(shares=3)[:3])
    assert bench.sent == []
    assert counted(bench.stats) == {"below_share": 3}


def test_a_wrong_nonce_is_a_hardware_error_and_told() -> None:
    bench = Bench()
    wrong = first_nonce(make_work(bench.job()), meets=False)
    bench.report(wrong)
    assert bench.sent == []
    assert counted(bench.stats) == {"hardware_errors": 1}
    assert bench.told(HardwareError) == [HardwareError(wrong)]


# Answers


@pytest.mark.parametrize(
    ("verdict", "reason", "counter"),
    [
        (Verdict.ACCEPTED, None, "accepted"),
        (Verdict.REJECTED, RejectReason.LOW_DIFFICULTY, "rejected"),
        (Verdict.REJECTED, RejectReason.DUPLICATE, "rejected"),
        (Verdict.REJECTED, None, "rejected"),
        (Verdict.REJECTED, RejectReason.STALE, "stale"),
        (Verdict.STALE, None, "stale"),
        (Verdict.LOST, None, "lost"),
        (Verdict.UNANSWERED, None, "unanswered"),
    ],
)
def test_an_answer_ends_in_one_counter(
    verdict: Verdict, reason: RejectReason | None, counter: str
) -> None:
    bench = Bench()
    bench.job()
    bench.answer(verdict, reason)
    assert counted(bench.stats) == {counter: 1}
    assert [event.result.verdict for event in bench.told(ShareAnswered)] == [verdict]


def test_rejections_are_counted_by_their_reason() -> None:
    bench = Bench()
    bench.job()
    for reason in (RejectReason.UNAUTHORIZED, None, RejectReason.OTHER, RejectReason.STALE):
        bench.answer(Verdict.REJECTED, reason)
    assert bench.stats.reject_reasons == {"unauthorized": 1, "other": 2}


def test_an_accepted_share_earns_the_difficulty_of_its_own_job() -> None:
    bench = Bench()
    old = bench.job(difficulty=0.25)
    bench.report(bench.find())
    bench.job(difficulty=0.5, clean=False)
    bench.scheduler.on_share_result(bench.sink.shares[0], ShareResult(Verdict.ACCEPTED))
    assert bench.stats.accepted_difficulty == old.difficulty


def test_only_an_accepted_share_earns() -> None:
    bench = Bench()
    bench.job()
    for verdict in set(Verdict) - {Verdict.ACCEPTED}:
        bench.answer(verdict)
    assert bench.stats.accepted_difficulty == 0
    assert bench.stats.last_accepted_at is None


def test_the_time_of_the_latest_acceptance_is_kept() -> None:
    bench = Bench()
    bench.job()
    bench.clock.now = 1234.5
    bench.answer(Verdict.ACCEPTED)
    assert bench.stats.last_accepted_at == 1234.5


@pytest.mark.parametrize(("verdict", "blocks"), [(Verdict.ACCEPTED, 1), (Verdict.REJECTED, 0)])
def test_a_block_counts_once_it_is_accepted(verdict: Verdict, blocks: int) -> None:
    bench = Bench()
    nonce = known_nonce(known_share("testnet3 block 49291"), sink=bench.sink)
    bench.scheduler.on_job(nonce.work.job)
    bench.report(nonce)
    bench.scheduler.on_share_result(bench.sink.shares[0], ShareResult(verdict))
    assert bench.stats.blocks == blocks


def test_the_best_share_sent_is_remembered() -> None:
    bench = Bench()
    bench.job()
    bench.report(*bench.mine(shares=20))
    assert bench.stats.best_difficulty == max(share.difficulty for share in bench.sink.shares)


def test_latencies_are_measured_from_the_find_and_taken_from_the_answer() -> None:
    bench = Bench()
    bench.job()
    nonce = replace(bench.find(), found_at=bench.clock.now - 0.125)
    bench.report(nonce)
    bench.scheduler.on_share_result(bench.sink.shares[0], ShareResult(Verdict.ACCEPTED, latency=2))
    assert list(bench.stats.share_path.values) == [0.125]
    assert list(bench.stats.pool_answer.values) == [2]


def test_a_share_without_an_answer_has_no_latency() -> None:
    bench = Bench()
    bench.job()
    bench.report(bench.find())
    bench.scheduler.on_share_result(bench.sink.shares[0], ShareResult(Verdict.LOST))
    assert bench.stats.pool_answer.count == 0


def test_a_notice_of_the_source_is_passed_on() -> None:
    bench = Bench()
    bench.scheduler.on_notice("hello")
    bench.scheduler.on_notice("redirected", warning=True)
    assert bench.events == [Notice("hello"), Notice("redirected", warning=True)]


# Everything at once


class Session:
    """A run at random: jobs, finds, repeats, errors and answers in any order."""

    def __init__(self) -> None:
        ticket = target.difficulty_of_target(EASY)
        self.bench = Bench(MemoryBackend("a"), MemoryBackend("b", ticket_difficulty=ticket))
        self.bench.job()
        self.reported: list[Nonce] = []
        self.open: list[Share] = []

    def report(self, nonces: list[Nonce]) -> None:
        before = len(self.bench.sent)
        self.bench.report(*nonces)
        self.reported += nonces
        self.open += self.bench.sink.shares[before:]

    def clean(self) -> None:
        self.bench.job(clean=True)

    def update(self) -> None:
        self.bench.job(clean=False, share_target=EASY >> 2)

    def pause(self) -> None:
        self.bench.scheduler.on_no_job("gone")
        self.clean()

    def find_late(self) -> None:
        found = self.bench.mine()
        self.clean()
        self.report(found)

    def find(self) -> None:
        self.report(self.bench.mine(0) + self.bench.mine(1))

    def repeat(self) -> None:
        self.report(self.reported[-2:])

    def err(self) -> None:
        self.report([first_nonce(make_work(self.bench.job(clean=False)), meets=False)])

    def answer(self) -> None:
        verdicts = [(Verdict.ACCEPTED, None), (Verdict.REJECTED, RejectReason.STALE),
                    (Verdict.REJECTED, None), (Verdict.UNANSWERED, None)]  # fmt: skip
        if self.open:
            verdict, reason = verdicts[len(self.open) % len(verdicts)]
            share = self.open.pop()
            self.bench.scheduler.on_share_result(share, ShareResult(verdict, reason))

    def end(self) -> None:
        while self.open:
            result = ShareResult(Verdict.LOST)
            self.bench.scheduler.on_share_result(self.open.pop(), result)


steps = st.sampled_from(
    ["clean", "update", "pause", "find", "find_late", "repeat", "err", "answer"]
)


@given(st.lists(steps, max_size=30))
def test_each_nonce_ends_in_exactly_one_counter(names: list[str]) -> None:
    session = Session()
    for name in names:
        getattr(session, name)()
    session.end()
    assert sum(counted(session.bench.stats).values()) == len(session.reported)


@given(st.lists(steps, max_size=30))
def test_no_header_is_sent_twice_and_each_meets_its_jobs_target(names: list[str]) -> None:
    session = Session()
    for name in names:
        getattr(session, name)()
    shares = session.bench.sink.shares
    assert len({share.hash for share in shares}) == len(shares) == session.bench.stats.submitted
    assert all(target.meets_target(share.hash, share.job.report_target) for share in shares)
