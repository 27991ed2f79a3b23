"""A paused run: nothing is searched, nothing of the pool or of a late share is missed."""

import pytest

from stampmill.core.backends.base import Telemetry
from stampmill.core.events import Notice
from stampmill.core.snapshot import Snapshot

from .fakes import MemoryBackend
from .running import Run, a_source, some_accepted
from .scheduling import Bench, counted


def test_a_pause_stops_every_backend_and_is_told_once() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    bench.job()
    for _ in range(2):
        bench.scheduler.pause("SIGUSR1")
    assert [backend.calls for backend in bench.backends] == [["replace", "idle"]] * 2
    assert [notice.text for notice in bench.told(Notice)] == ["mining paused by SIGUSR1"]
    assert bench.scheduler.paused == "SIGUSR1"


def test_jobs_are_followed_in_a_pause_and_the_latest_is_gone_on_with() -> None:
    bench = Bench()
    bench.job()
    old = bench.find()
    bench.scheduler.pause("me")
    latest = [bench.job(id=name) for name in ("2", "3")][-1]
    assert bench.stats.jobs == 3
    assert bench.backends[0].calls == ["replace", "idle"]
    for _ in range(2):
        bench.scheduler.resume()
    assert bench.backends[0].calls == ["replace", "idle", "replace"]
    assert bench.find().work.job is latest
    bench.report(old)
    assert counted(bench.stats) == {"stale": 1}, "a clean job kills old work in a pause, too"


def test_the_same_job_is_gone_on_with_in_new_work() -> None:
    bench = Bench()
    bench.job()
    late = bench.find()
    bench.scheduler.pause("me")
    bench.report(late)
    assert bench.sent == [late]
    bench.scheduler.resume()
    assert bench.find().work.extranonce2 != late.work.extranonce2


def test_a_pool_without_a_job_stays_without_work_after_a_pause() -> None:
    bench = Bench()
    bench.scheduler.pause("me")
    assert bench.backends[0].calls == [], "it may not be open yet"
    bench.scheduler.resume()
    assert bench.backends[0].calls == []
    bench.job()
    bench.scheduler.pause("me")
    bench.scheduler.on_no_job("the pool is gone")
    bench.scheduler.resume()
    assert bench.backends[0].calls == ["replace", "idle", "idle"]
    bench.job()
    assert bench.backends[0].calls[-1] == "replace"


def test_a_miner_can_be_paused_and_says_so() -> None:
    source, backend = a_source(), MemoryBackend()
    run = Run(source, backend)
    pauses: list[str] = []

    def seen_a_pause(shot: Snapshot) -> bool:
        if not pauses and some_accepted(shot):
            run.miner.pause("a test")
            pauses.append(run.miner.snapshot().paused)
            assert backend.feed is None
            run.miner.resume()
            pauses.append(run.miner.snapshot().paused)
        return len(pauses) == 2 and shot.accepted >= 20

    assert run.until(seen_a_pause).accepted >= 20
    assert pauses == ["a test", ""]
    assert backend.calls[:3] == ["open", "replace", "idle"]


def test_one_backend_rests_while_the_other_goes_on() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    first, second = bench.backends
    bench.job()
    for _ in range(2):
        bench.scheduler.enable(first, wanted=False)
    bench.job()
    assert (first.calls, second.calls) == (["replace", "idle"], ["replace", "replace"])
    for _ in range(2):
        bench.scheduler.enable(first, wanted=True)
    assert first.calls == ["replace", "idle", "replace"]
    assert len(second.calls) == 2


def test_a_backend_that_is_to_rest_does_so_after_a_pause_too() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    bench.job()
    bench.scheduler.pause("me")
    bench.scheduler.enable(bench.backends[0], wanted=False)
    bench.scheduler.resume()
    assert [backend.calls[-1] for backend in bench.backends] == ["idle", "replace"]


def test_a_device_is_told_to_rest_where_its_backend_has_no_other() -> None:
    boards = [MemoryBackend("board"), MemoryBackend("board")]
    run = Run(a_source(), *boards)
    done: list[bool] = []

    def rested(shot: Snapshot) -> bool:
        if not done and some_accepted(shot):
            run.miner._sample()
            done.append(run.miner.enable(1, wanted=False))
        return bool(done)

    shot = run.until(rested)
    assert done == [True]
    assert [device.enabled for device in shot.devices] == [True, False]
    assert boards[1].calls == ["open", "replace", "idle", "close"]


def test_a_thread_among_others_cannot_rest_alone() -> None:
    class Two(MemoryBackend):
        def telemetry(self) -> Telemetry:
            return Telemetry({"0": self.hashes, "1": 0})

    run = Run(a_source(), Two())
    run.until(some_accepted)
    assert run.miner.enable(0, wanted=False) is False
    with pytest.raises(IndexError):
        run.miner.enable(2, wanted=False)
