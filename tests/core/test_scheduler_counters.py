"""What becomes of a share that was sent, and that each nonce is counted once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.chain import target
from stampmill.core.events import Notice, ShareAnswered
from stampmill.core.job import Nonce, RejectReason, Share, ShareResult, Verdict

from .fakes import EASY, MemoryBackend, first_nonce, make_work
from .known_shares import known_nonce, known_share
from .scheduling import Bench, counted

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
