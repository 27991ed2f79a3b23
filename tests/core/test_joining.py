"""Backends that join a run: boards that are plugged in while it mines."""

import asyncio

import pytest

from stampmill.core.errors import NoDeviceError
from stampmill.core.snapshot import Snapshot
from tests.core.fakes import MemoryBackend
from tests.core.running import Run, a_source, some_accepted
from tests.core.scheduling import Bench


def test_a_backend_that_joins_gets_the_latest_job_at_once() -> None:
    bench = Bench()
    late = MemoryBackend("late")
    bench.job()
    bench.scheduler.add(late)
    assert late.calls == ["replace"]
    bench.job(clean=False)
    assert late.calls == ["replace", "update"]


def test_a_backend_that_joins_gets_other_work_than_the_rest() -> None:
    bench = Bench()
    late = MemoryBackend("late")
    bench.job()
    bench.scheduler.add(late)
    first, second = bench.backends[0].mine, late.mine
    assert {n.work.extranonce2 for n in [*first(), *first()]}.isdisjoint(
        {n.work.extranonce2 for n in [*second(), *second()]}
    )


@pytest.mark.parametrize("paused", [False, True])
def test_a_backend_that_joins_a_resting_run_rests(paused: bool) -> None:
    bench = Bench()
    late = MemoryBackend("late")
    if paused:
        bench.job()
        bench.scheduler.pause("me")
    bench.scheduler.add(late)
    assert late.calls == []
    if paused:
        bench.scheduler.resume()
    else:
        bench.job()
    assert late.calls == ["replace"]


def join(late: MemoryBackend) -> tuple[Run, Snapshot, list[BaseException | None]]:
    """Run a miner, let one more backend join it, and return what came of that."""
    run = Run(a_source(), MemoryBackend())
    joined: list[asyncio.Task[None]] = []

    def enough(shot: Snapshot) -> bool:
        if not joined and some_accepted(shot):
            joined.append(asyncio.create_task(run.miner.add(late)))
        return bool(joined) and joined[0].done() and (late.hashes > 0 or bool(late.fails_to_open))

    shot = run.until(enough)
    return run, shot, [task.exception() for task in joined]


def test_a_backend_joins_a_run_and_is_closed_with_it() -> None:
    late = MemoryBackend("late")
    _run, shot, failures = join(late)
    assert failures == [None]
    assert [device.backend for device in shot.devices] == ["memory", "late"]
    assert late.calls == ["open", "replace", "close"]
    assert shot.kernel == "memory kernel, late kernel"


def test_a_backend_that_cannot_open_does_not_join() -> None:
    late = MemoryBackend("late")
    late.fails_to_open = NoDeviceError("unplugged again")
    run, shot, failures = join(late)
    assert [str(failure) for failure in failures] == ["unplugged again"]
    assert [device.backend for device in shot.devices] == ["memory"]
    assert late not in run.miner.backends


def test_a_backend_that_comes_too_late_is_closed_again() -> None:
    run = Run(a_source(), MemoryBackend())
    run.until(some_accepted)
    late = MemoryBackend("late")
    asyncio.run(run.miner.add(late))
    assert late.calls == ["open", "close"]
