from dataclasses import replace

import pytest

from stampmill.bench.processes import mining
from stampmill.core.chain import target
from stampmill.core.events import JobArrived, ShareAnswered
from stampmill.core.job import Nonce, RejectReason, Share, ShareResult, Verdict, Work
from stampmill.core.job_source import FixedJobSource

STALE = ShareResult(Verdict.REJECTED, RejectReason.STALE, "stale", latency=0.5)


@pytest.fixture
def now(monkeypatch):
    monkeypatch.setattr(mining, "monotonic", lambda: 100.0)


def job(received_at, *, clean=True):
    return replace(FixedJobSource(1).job(), received_at=received_at, clean=clean)


def share_of(one):
    work = Work(one, b"", bytes(32), 0, (1,), 0, 1, target.MAX_TARGET)
    return Share(Nonce(work, 0, 1, 0, 0.0, "cpu0"), bytes(32), 1.0, False)


def watch_of(*jobs):
    watch = mining._Watch(jobs=99, marks=set())
    for one in jobs:
        watch(JobArrived(one))
    return watch


def test_a_share_sent_after_its_job_died_is_our_fault(now):
    dead = job(90.0)
    watch = watch_of(dead, job(99.4))
    watch(ShareAnswered(share_of(dead), STALE))  # sent at 99.5
    assert (watch.dead_sent, watch.died_in_flight) == (1, 0)


def test_a_share_on_its_way_when_its_job_died_is_nobodys(now):
    dead = job(90.0)
    watch = watch_of(dead, job(99.6), job(99.8))
    watch(ShareAnswered(share_of(dead), STALE))
    assert (watch.dead_sent, watch.died_in_flight) == (0, 1)


def test_only_a_clean_job_kills(now):
    old = job(90.0)
    watch = watch_of(old, job(95.0, clean=False), job(99.9))
    watch(ShareAnswered(share_of(old), STALE))
    assert (watch.dead_sent, watch.died_in_flight) == (0, 1)


def test_a_share_that_was_never_sent_is_not_counted(now):
    dead = job(90.0)
    watch = watch_of(dead, job(91.0))
    watch(ShareAnswered(share_of(dead), ShareResult(Verdict.STALE)))
    watch(ShareAnswered(share_of(dead), ShareResult(Verdict.ACCEPTED, latency=0.1)))
    assert (watch.dead_sent, watch.died_in_flight) == (0, 0)


def test_the_run_ends_after_enough_jobs():
    watch = mining._Watch(jobs=3, marks={1, 2})
    stops = []
    watch.stop = lambda: stops.append(1)
    for received_at in range(4):
        watch(JobArrived(job(float(received_at))))
    assert stops == [1]
    if mining.holdings.available():
        assert [mark["jobs"] for mark in watch.marked] == [1, 2]
