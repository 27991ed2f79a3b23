from dataclasses import replace

import pytest

from stampmill.core import scheduler
from stampmill.core.chain import target
from stampmill.core.events import HardwareError, JobArrived, Notice, ShareAnswered
from stampmill.core.job import Verdict

from .fakes import EASY, MemoryBackend, Sink, first_nonce, make_job, make_work
from .known_shares import known_nonce, known_share
from .scheduling import Bench, counted

NONE_IS_A_SHARE = 1


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


def test_a_clean_job_of_one_source_leaves_the_work_of_another_alone() -> None:
    bench = Bench()
    bench.job()
    nonce = bench.find()
    bench.scheduler.on_job(make_job(Sink(), clean=True))
    bench.report(nonce)
    assert bench.sent == [nonce]


def test_a_clean_job_kills_earlier_work_of_its_source_whatever_sink_it_came_with() -> None:
    class Ours(Sink):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Ours)

        __hash__ = Sink.__hash__

    bench, old = Bench(), Ours()
    bench.scheduler.on_job(make_job(old))
    nonce = bench.find()
    bench.scheduler.on_job(make_job(Ours(), clean=True))
    bench.report(nonce)
    assert (old.shares, bench.stats.stale) == ([], 1)


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
