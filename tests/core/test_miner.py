import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from stampmill.core import miner
from stampmill.core.backends.base import BackendError, Telemetry
from stampmill.core.chain import target
from stampmill.core.errors import NoDeviceError, NoPoolError
from stampmill.core.events import Event, JobArrived, Notice
from stampmill.core.job import Nonce
from stampmill.core.job_source import FixedJobSource, JobListener, JobSource
from stampmill.core.miner import DRAIN_SECONDS, Miner
from stampmill.core.snapshot import Snapshot

from .fakes import EASY, Clock, MemoryBackend, MemorySource, make_job, turn

LONG = 60.0
"""A time limit that only a bug reaches."""


class Run:
    """A miner with its parts, and what they told."""

    def __init__(self, source: JobSource, *backends: MemoryBackend) -> None:
        self.events: list[Event] = []
        self.clock = Clock()
        self.miner = Miner(source, backends, observer=self.events.append, clock=self.clock)

    def until(self, enough: Callable[[Snapshot], bool]) -> Snapshot:
        """Run until the picture of the run is as wanted, then stop; return the last picture."""
        asyncio.run(self._until(enough))
        return self.miner.snapshot()

    def to_the_end(self, time_limit: float = LONG) -> Snapshot:
        asyncio.run(asyncio.wait_for(self.miner.run(time_limit), LONG))
        return self.miner.snapshot()

    async def _until(self, enough: Callable[[Snapshot], bool]) -> None:
        running = asyncio.create_task(self.miner.run(LONG))
        while not running.done() and not enough(self.miner.snapshot()):
            await turn()
        self.miner.stop()
        await running

    def warnings(self) -> list[str]:
        return [e.text for e in self.events if isinstance(e, Notice) and e.warning]


def a_source(*, accept: bool = True) -> MemorySource:
    source = MemorySource(accept=accept)
    source.add(make_job(source))
    return source


def some_accepted(shot: Snapshot) -> bool:
    return shot.accepted >= 10


def some_submitted(source: MemorySource) -> Callable[[Snapshot], bool]:
    return lambda _: len(source.shares) >= 10


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


# Backends that fail


def test_a_backend_that_does_not_open_is_left_out() -> None:
    broken, sound = MemoryBackend("broken"), MemoryBackend("sound")
    broken.fails_to_open = NoDeviceError("no such card")
    run = Run(a_source(), broken, sound)
    shot = run.until(some_accepted)
    assert shot.kernel == "sound kernel"
    assert broken.calls == ["open"]
    assert run.warnings() == ["backend broken failed: no such card"]


def test_without_any_backend_that_opens_there_is_no_run() -> None:
    broken = MemoryBackend()
    broken.fails_to_open = NoDeviceError("no such card")
    source = a_source()
    with pytest.raises(NoDeviceError, match="no such card"):
        Run(source, broken).to_the_end()
    assert source.listener is None


def test_no_backend_at_all_is_no_device() -> None:
    with pytest.raises(NoDeviceError, match="no backend"):
        Run(a_source()).to_the_end()


def test_an_unexpected_failure_to_open_closes_what_is_open() -> None:
    sound, broken = MemoryBackend("sound"), MemoryBackend("broken")
    broken.fails_to_open = OSError("permission denied")
    with pytest.raises(OSError, match="permission denied"):
        Run(a_source(), sound, broken).to_the_end()
    assert sound.calls == ["open", "close"]


class BreakingBackend(MemoryBackend):
    """Breaks after its first finds."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(name)
        self.error = error

    async def nonces(self) -> AsyncIterator[Nonce]:
        while self.feed is None:
            await turn()
        for nonce in self.mine():
            yield nonce
        raise self.error


def test_a_backend_that_breaks_leaves_the_others_working() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    run = Run(a_source(), broken, sound)
    shot = run.until(lambda shot: shot.accepted >= 50)
    assert shot.accepted >= 50
    assert broken.calls[-1] == "close"
    assert run.warnings() == ["backend broken failed: cable gone"]


def test_the_hashes_of_a_broken_backend_still_count() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    shot = Run(a_source(), broken, sound).until(some_accepted)
    assert shot.hashes == broken.hashes + sound.hashes
    assert broken.hashes > 0


def test_a_broken_backend_gets_no_more_jobs() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    source = a_source()
    run = Run(source, broken, sound)

    def next_job(shot: Snapshot) -> bool:
        if shot.accepted >= 10 and shot.jobs == 1:
            assert source.listener is not None
            source.listener.on_job(make_job(source))
        return shot.jobs == 2

    run.until(next_job)
    assert broken.calls == ["open", "replace", "close"]
    assert sound.calls == ["open", "replace", "replace", "close"]


def test_the_last_backend_to_break_ends_the_run_with_its_error() -> None:
    backends = [BreakingBackend(name, BackendError(f"{name} is gone")) for name in "ab"]
    source = a_source()
    with pytest.raises(BackendError, match="is gone"):
        Run(source, *backends).to_the_end()
    assert source.drained


def test_a_broken_backend_that_cannot_close_leaves_the_others_working() -> None:
    broken, sound = BreakingBackend("broken", BackendError("cable gone")), MemoryBackend("sound")
    broken.fails_to_close = BackendError("and stuck")
    run = Run(a_source(), broken, sound)
    shot = run.until(lambda shot: shot.accepted >= 50)
    assert shot.accepted >= 50
    assert run.warnings() == [
        "backend broken failed: cable gone",
        "backend broken failed: and stuck",
    ]


def test_a_backend_that_ends_without_an_error_is_not_silently_idle() -> None:
    class Ending(MemoryBackend):
        async def nonces(self) -> AsyncIterator[Nonce]:
            while self.feed is None:
                await turn()
            for nonce in self.mine():
                yield nonce

    run = Run(a_source(), Ending("ending"), MemoryBackend("sound"))
    assert run.until(lambda shot: shot.accepted >= 50).accepted >= 50
    assert run.warnings() == ["backend ending failed: it stopped by itself"]


def test_an_unexpected_exception_of_a_backend_surfaces() -> None:
    broken, sound = BreakingBackend("broken", ZeroDivisionError("oops")), MemoryBackend("sound")
    with pytest.raises(ZeroDivisionError, match="oops"):
        Run(a_source(), broken, sound).to_the_end()
    assert sound.calls[-1] == "close"


# Sources that fail


@pytest.mark.parametrize("error", [NoPoolError("no pool took us"), ValueError("a bug")])
def test_an_error_of_the_source_ends_the_run(error: Exception) -> None:
    source, backend = a_source(), MemoryBackend()
    source.fails = error
    with pytest.raises(type(error), match=str(error)):
        Run(source, backend).to_the_end()
    assert backend.calls[-1] == "close"
    assert source.drained


def test_an_exception_of_the_observer_surfaces() -> None:
    def observe(event: Event) -> None:
        if isinstance(event, JobArrived):
            raise ZeroDivisionError

    run = Miner(a_source(), [MemoryBackend()], observer=observe).run(LONG)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run)


# Pictures of the run


def test_a_picture_before_the_run_is_empty() -> None:
    shot = Run(FixedJobSource(), MemoryBackend()).miner.snapshot()
    assert (shot.seconds, shot.hashes, shot.devices, shot.job_id) == (0.0, 0, (), None)
    assert shot.expected_share_seconds is None


def test_the_last_picture_adds_up() -> None:
    source, backends = a_source(), [MemoryBackend("a"), MemoryBackend("b")]
    shot = Run(source, *backends).until(some_accepted)
    assert shot.hashes == sum(device.hashes for device in shot.devices)
    assert shot.hashes == sum(backend.hashes for backend in backends)
    assert shot.accepted == len(source.shares)
    assert shot.job_difficulty is not None
    assert shot.accepted_difficulty == pytest.approx(shot.accepted * shot.job_difficulty)
    assert shot.best_difficulty == max(share.difficulty for share in source.shares)
    assert shot.pool_answer.count == shot.share_path.count == shot.accepted
    assert (shot.pool_answer.p50, shot.pool_answer.p99) == (0.25, 0.25)


def test_backends_of_one_name_are_counted_apart() -> None:
    backends = [MemoryBackend("board"), MemoryBackend("board")]
    shot = Run(a_source(), *backends).until(some_accepted)
    assert [device.hashes for device in shot.devices] == [backend.hashes for backend in backends]


def timed(seconds: float) -> tuple[Snapshot, MemoryBackend]:
    """Return the picture of a run that took so long on its clock."""
    backend = MemoryBackend()
    run = Run(a_source(), backend)

    def enough(shot: Snapshot) -> bool:
        if shot.accepted >= 10:
            run.clock.now = 1000.0 + seconds
        return shot.accepted >= 10

    return run.until(enough), backend


def test_rates_are_hashes_over_the_time_of_the_run() -> None:
    shot, backend = timed(4.0)
    rate = backend.hashes / 4.0
    assert shot.seconds == 4.0
    assert shot.rates.average == shot.rates.seconds_5 == rate
    assert shot.devices[0].rates == shot.rates


def test_the_time_that_backends_take_to_open_does_not_count() -> None:
    class Slow(MemoryBackend):
        async def open(self) -> None:
            run.clock.now += 100.0
            await super().open()

    run = Run(a_source(), Slow())
    assert run.until(some_accepted).seconds == 0.0


def test_the_next_share_is_expected_after_its_hashes_at_the_latest_rate() -> None:
    backend = MemoryBackend()
    run = Run(a_source(), backend)
    marks = {10: 1010.0, 20: 1015.0}
    hashes = []

    def enough(shot: Snapshot) -> bool:
        if marks and shot.accepted >= min(marks):
            run.clock.now = marks.pop(min(marks))
            run.miner._sample()
            hashes.append(backend.hashes)
        return not marks

    shot = run.until(enough)
    rate = (backend.hashes - hashes[0]) / 5.0
    assert shot.rates.seconds_5 == rate != shot.rates.average
    assert shot.expected_share_seconds == pytest.approx(8 / rate)


def test_without_a_rate_of_late_the_next_share_is_expected_at_the_average() -> None:
    backend = MemoryBackend()
    run = Run(a_source(), backend)

    def stalled(shot: Snapshot) -> bool:
        if shot.accepted >= 10:
            backend.feed = None
            run.clock.now = 1010.0
            run.miner._sample()
            run.clock.now = 1020.0
        return backend.feed is None and shot.jobs > 0

    shot = run.until(stalled)
    assert shot.rates.seconds_5 == 0.0
    assert shot.expected_share_seconds == pytest.approx(8 / shot.rates.average)


def test_the_picture_stands_still_after_the_run() -> None:
    run = Run(a_source(), MemoryBackend())
    shot = run.until(some_accepted)
    run.clock.now += 100
    assert run.miner.snapshot() == shot


def test_the_job_is_described() -> None:
    source = MemorySource()
    nbits = 0x1D00FFFF
    network = target.target_from_nbits(nbits)
    source.add(make_job(source, id="x", nbits=nbits, network_target=network, difficulty=0.5))
    shot = Run(source, MemoryBackend()).until(lambda shot: shot.jobs > 0)
    assert (shot.job_id, shot.job_difficulty, shot.network_difficulty) == ("x", 0.5, 1.0)


def test_telemetry_is_added_up_reading_by_reading() -> None:
    class Switching(MemoryBackend):
        def telemetry(self) -> Telemetry:
            return Telemetry({"0": self.hashes}, (0.001, 0.003), 2)

    run = Run(a_source(), Switching())

    async def play() -> None:
        run.miner.stop()
        await run.miner.run()

    asyncio.run(play())
    shot = run.miner.snapshot()
    assert shot.starved_jobs == shot.job_switch.count == 2
    assert (shot.job_switch.p50, shot.job_switch.p99) == (0.001, 0.003)


def test_a_backend_without_news_shows_no_rate() -> None:
    """A broken backend is seen to stand still, not to go on at its last rate."""

    class Slow(BreakingBackend):
        async def close(self) -> None:
            run.clock.now += 10.0
            run.miner._sample()
            run.clock.now += 10.0
            await super().close()

    broken = Slow("broken", BackendError("cable gone"))
    run = Run(a_source(), broken, MemoryBackend("sound"))
    shot = run.until(lambda shot: shot.accepted >= 50)
    rates = {device.backend: device.rates for device in shot.devices}
    assert rates["broken"].average > 0.0
    assert rates["broken"].seconds_5 == 0.0
    assert rates["sound"].seconds_5 > 0.0
