import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from stampmill.core import miner
from stampmill.core.backends.base import BackendError
from stampmill.core.errors import NoPoolError
from stampmill.core.job import Nonce
from stampmill.core.job_source import FixedJobSource, JobListener
from stampmill.core.miner import DRAIN_SECONDS
from stampmill.core.snapshot import EnergySnapshot, Snapshot

from .fakes import EASY, MemoryBackend, MemorySource, make_job, turn
from .running import Run, a_source, some_accepted, some_submitted

# The run


def test_shares_flow_from_backends_to_the_source() -> None:
    source = FixedJobSource(share_target=EASY)
    shot = Run(source, MemoryBackend()).until(some_accepted)
    assert shot.accepted == len(source.shares) >= 10


def test_several_backends_mine_side_by_side() -> None:
    source = a_source()
    backends = MemoryBackend("a"), MemoryBackend("b")
    shot = Run(source, *backends).until(some_accepted)
    assert {device.backend for device in shot.devices} == {"a", "b"}
    assert all(backend.hashes for backend in backends)
    assert len({share.hash for share in source.shares}) == len(source.shares)


def test_a_run_ends_at_its_time_limit() -> None:
    run = Run(a_source(), MemoryBackend())
    run.to_the_end(time_limit=0.005)
    assert run.miner.snapshot().jobs == 1


def test_a_run_can_be_stopped_before_it_begins_and_twice() -> None:
    run = Run(a_source(), MemoryBackend())
    run.miner.stop()
    run.miner.stop()
    run.to_the_end()


def test_a_source_that_ends_ends_the_run() -> None:
    class Ending(MemorySource):
        async def run(self, listener: JobListener) -> None:
            self.listener = listener

    Run(Ending(), MemoryBackend()).to_the_end()


def test_a_cancelled_run_still_shuts_down() -> None:
    source, backend = a_source(accept=False), MemoryBackend()
    run = Run(source, backend)

    async def play() -> None:
        running = asyncio.create_task(run.miner.run())
        while not source.shares:
            await turn()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(play())
    assert backend.calls[-1] == "close"
    assert source.drained
    assert run.miner.stats.lost == len(source.shares)


# The end of a run


class LateBackend(MemoryBackend):
    """Finds its first shares in the very moment it is closed."""

    async def nonces(self) -> AsyncIterator[Nonce]:
        while "close" not in self.calls:
            await turn()
        for nonce in self.late:
            yield nonce

    async def close(self) -> None:
        if self.feed is not None:
            self.late = self.mine() + self.mine() + self.mine()
        await super().close()


def test_what_was_found_is_submitted_before_the_answers_are_waited_for() -> None:
    class Watching(MemorySource):
        async def drain(self, seconds: float) -> None:
            self.open_at_drain = len(self.unanswered)
            assert seconds == DRAIN_SECONDS
            await super().drain(seconds)

    source, backend = Watching(accept=False), LateBackend()
    source.add(make_job(source))
    shot = Run(source, backend).until(lambda shot: shot.jobs > 0)
    assert source.open_at_drain == len(backend.late) > 0
    assert shot.lost == len(backend.late)


def test_answers_that_come_while_draining_count() -> None:
    class Answering(MemorySource):
        async def drain(self, seconds: float) -> None:
            self.accept = True
            for share in [*self.unanswered]:
                self.submit(share)
            self.unanswered.clear()

    source = Answering(accept=False)
    source.add(make_job(source))
    shot = Run(source, MemoryBackend()).until(some_submitted(source))
    assert shot.accepted >= 10
    assert shot.lost == 0


def test_no_work_is_handed_out_once_the_run_ends() -> None:
    """A job that comes while open submits are waited for must not wake a closed backend."""

    class Busy(MemorySource):
        async def drain(self, seconds: float) -> None:
            assert self.listener is not None
            self.listener.on_job(make_job(self))

    source, backend = Busy(), MemoryBackend()
    source.add(make_job(source))
    Run(source, backend).until(some_accepted)
    assert backend.calls == ["open", "replace", "close"]


def test_an_answer_after_the_end_was_not_before_it() -> None:
    class Slow(MemorySource):
        async def drain(self, seconds: float) -> None:
            run.clock.now += 1.5
            self.accept = True
            self.submit(self.unanswered.pop())
            await super().drain(seconds)

    source = Slow(accept=False)
    source.add(make_job(source))
    run = Run(source, MemoryBackend())
    assert run.until(some_submitted(source)).seconds_since_accepted == 0.0


def test_the_source_is_cancelled_last() -> None:
    class Cancelled(MemorySource):
        async def run(self, listener: JobListener) -> None:
            try:
                await super().run(listener)
            finally:
                assert self.drained

    source = Cancelled()
    source.add(make_job(source))
    Run(source, MemoryBackend()).until(some_accepted)


def test_an_error_of_the_source_while_it_ends_surfaces() -> None:
    class Unclean(MemorySource):
        async def run(self, listener: JobListener) -> None:
            try:
                await super().run(listener)
            finally:
                raise NoPoolError("the log is full")

    source = Unclean()
    source.add(make_job(source))
    with pytest.raises(NoPoolError, match="log is full"):
        Run(source, MemoryBackend()).until(some_accepted)


def test_a_backend_that_cannot_close_does_not_keep_the_others_open() -> None:
    stuck, other, source = MemoryBackend("stuck"), MemoryBackend("other"), a_source()
    stuck.fails_to_close = BackendError("kernel x did not stop")
    with pytest.raises(BackendError, match="did not stop"):
        Run(source, stuck, other).until(some_accepted)
    assert other.calls[-1] == "close"
    assert source.drained


def test_a_backend_that_cannot_close_and_goes_on_is_not_waited_for() -> None:
    class Deaf(MemoryBackend):
        async def nonces(self) -> AsyncIterator[Nonce]:
            await asyncio.Event().wait()
            yield self.mine()[0]

    deaf, source = Deaf("deaf"), a_source()
    deaf.fails_to_close = BackendError("kernel x did not stop")
    with pytest.raises(BackendError, match="did not stop"):
        Run(source, deaf).until(lambda shot: shot.jobs > 0)
    assert source.drained


def test_hashes_are_counted_while_the_run_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miner, "SAMPLE_SECONDS", 0.0)
    seen = []

    def watch(shot: Snapshot) -> bool:
        seen.append(shot.hashes)
        return shot.hashes > 100

    Run(a_source(), MemoryBackend()).until(watch)
    assert seen[-1] > 100
    assert seen == sorted(seen)


def test_snapshots_hold_what_others_add_to_them() -> None:
    run = Run(a_source(), MemoryBackend())
    run.miner.amend(lambda shot: replace(shot, energy=EnergySnapshot(watts=3.0)))
    assert run.miner.snapshot().energy == EnergySnapshot(watts=3.0)
