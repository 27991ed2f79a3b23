import asyncio
from dataclasses import replace

import pytest

from stampmill.core.backends.base import BackendError, Telemetry
from stampmill.core.chain import target
from stampmill.core.job_source import FixedJobSource, JobListener, SourceStatus
from stampmill.core.snapshot import Snapshot

from .fakes import BreakingBackend, MemoryBackend, MemorySource, make_job
from .running import Run, a_source, some_accepted


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


def test_shares_are_told_by_pool_and_by_device() -> None:
    backends = [MemoryBackend("a"), MemoryBackend("b")]
    shot = Run(a_source(), *backends).until(some_accepted)
    (pool,) = shot.pools
    assert (pool.active, pool.jobs, pool.status) == (True, 1, shot.source)
    assert pool.shares.accepted == shot.accepted
    assert pool.shares.accepted_difficulty == pytest.approx(shot.accepted_difficulty)
    assert pool.shares.best_difficulty == shot.best_difficulty
    assert sum(device.shares.accepted for device in shot.devices) == shot.accepted
    for device in shot.devices:
        assert device.shares.nonces == device.shares.accepted > 0
        assert (device.shares.last_pool, device.shares.seconds_since_nonce) == (0, 1000.0)
    assert [device.kernel for device in shot.devices] == ["a kernel", "b kernel"]


def test_pools_are_told_in_their_order_with_their_own_shares() -> None:
    sources = [a_source(), a_source(accept=False)]

    class Both(MemorySource):
        """Two sources with one listener, the second of which is mined on last."""

        async def run(self, listener: JobListener) -> None:
            for source in sources:
                source.listener = listener
                listener.on_job(make_job(source, clean=False))
            await asyncio.Event().wait()

        def status(self) -> SourceStatus:
            first, second = (replace(source.status(), sink=source) for source in sources)
            return replace(second, number=1, others=(first,))

    shot = Run(Both(), MemoryBackend()).until(lambda _: len(sources[1].shares) >= 10)
    assert [pool.active for pool in shot.pools] == [False, True]
    assert [pool.jobs for pool in shot.pools] == [1, 1]
    assert [pool.shares.lost for pool in shot.pools] == [0, 0]
    assert shot.pools[0].shares.accepted == len(sources[0].shares)
    assert shot.devices[0].shares.last_pool in {0, None}


def test_a_device_that_broke_is_not_alive() -> None:
    broken = BreakingBackend("broken", BackendError("cable gone"))
    shot = Run(a_source(), broken, MemoryBackend("sound")).until(
        lambda shot: any(not device.alive for device in shot.devices)
    )
    alive = {device.backend: device.alive for device in shot.devices}
    assert alive == {"broken": False, "sound": True}
