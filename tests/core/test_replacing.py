"""A backend whose place another takes while the run goes on: nothing that it did is lost."""

import asyncio

import pytest

from stampmill.core.backends.base import BackendError, Capabilities, Telemetry
from stampmill.core.backends.options import BackendOptions
from stampmill.core.backends.reference import create
from stampmill.core.errors import NoDeviceError
from stampmill.core.miner import Miner
from stampmill.core.snapshot import Snapshot
from tests.core.fakes import MemoryBackend, turn
from tests.core.running import LONG, Run, a_source, some_accepted
from tests.core.scheduling import Bench


class Threads(MemoryBackend):
    """A backend with devices by name, the first of which does all the work."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._capabilities = Capabilities(f"kernel x{len(names)}", names)

    def telemetry(self) -> Telemetry:
        return Telemetry(dict.fromkeys(self._capabilities.devices, 0) | {"0": self.hashes})


def replaced(old: MemoryBackend, *news: MemoryBackend) -> tuple[Run, Snapshot]:
    """Run a miner, put one backend after the other in the place of the first, each at work."""
    run = Run(a_source(), old)
    line = [old, *news]
    steps: list[asyncio.Task[None]] = []

    def enough(shot: Snapshot) -> bool:
        if steps and not steps[-1].done():
            return False
        at = len(steps)
        if line[at].hashes >= 1000 and at < len(news):
            run.miner._sample()
            steps.append(asyncio.create_task(run.miner.replace(line[at], line[at + 1])))
        return at == len(news) and line[at].hashes >= 1000

    run.until(enough)
    for step in steps:
        step.result()
    return run, run.miner.snapshot()


def test_counters_and_names_go_over_to_the_new_backend() -> None:
    old, new = Threads("0"), Threads("0")
    run, shot = replaced(old, new)
    assert [device.name for device in shot.devices] == ["0"]
    assert shot.hashes == shot.devices[0].hashes == old.hashes + new.hashes
    assert shot.devices[0].shares.accepted == shot.accepted
    assert old.calls == ["open", "replace", "close"]
    assert new.calls == ["open", "replace", "close"]
    assert run.warnings() == []


def test_devices_that_are_given_up_keep_their_counts_and_can_come_back() -> None:
    line = [Threads("0", "1"), Threads("1"), Threads("0", "1", "2")]
    run, shot = replaced(*line)
    assert [(device.name, device.enabled) for device in shot.devices] == [
        ("0", True), ("1", True), ("2", True),
    ]  # fmt: skip
    assert shot.hashes == sum(backend.hashes for backend in line)
    assert shot.kernel == "kernel x3"
    assert run.miner.backends == (line[2],)


def test_a_device_that_is_given_up_is_shown_as_not_in_use() -> None:
    run, shot = replaced(Threads("0", "1"), Threads("0"))
    assert [device.enabled for device in shot.devices] == [True, False]
    assert all(device.alive for device in shot.devices)
    assert run.miner.enable(0, wanted=False) is True
    assert run.miner.enable(1, wanted=False) is False


def test_a_backend_that_cannot_open_changes_nothing() -> None:
    old, new = MemoryBackend(), MemoryBackend("new")
    new.fails_to_open = NoDeviceError("no such card")
    run = Run(a_source(), old)
    failures: list[str] = []

    async def attempt() -> None:
        running = asyncio.create_task(run.miner.run(LONG))
        while not some_accepted(run.miner.snapshot()):
            await turn()
        with pytest.raises(NoDeviceError) as failure:
            await run.miner.replace(old, new)
        failures.append(str(failure.value))
        before = run.miner.snapshot().accepted
        while run.miner.snapshot().accepted < before + 5:
            await turn()
        run.miner.stop()
        await running

    asyncio.run(attempt())
    assert failures == ["no such card"]
    assert new.calls == ["open"]


def test_a_backend_that_does_not_let_go_ends_the_run() -> None:
    old, new = MemoryBackend(), MemoryBackend("new")
    old.fails_to_close = BackendError("it did not stop")
    run = Run(a_source(), old)

    async def attempt() -> None:
        running = asyncio.create_task(run.miner.run(LONG))
        while not some_accepted(run.miner.snapshot()):
            await turn()
        await run.miner.replace(old, new)
        await running

    with pytest.raises(BackendError, match="did not stop"):
        asyncio.run(attempt())
    assert new.calls[-1] == "close"


def test_a_new_backend_comes_too_late_for_a_run_that_ends() -> None:
    old, new = MemoryBackend(), MemoryBackend("new")
    run = Run(a_source(), old)
    run.until(some_accepted)
    asyncio.run(run.miner.replace(old, new))
    assert new.calls == ["open", "close"]


@pytest.mark.parametrize("held", [False, True])
def test_a_backend_that_was_to_rest_is_followed_by_one_that_rests(held: bool) -> None:
    bench = Bench()
    old, new = bench.backends[0], MemoryBackend("new")
    bench.job()
    if held:
        bench.scheduler.hold([old])
    else:
        bench.scheduler.enable(old, wanted=False)
    bench.scheduler.remove(old)
    bench.scheduler.take_over(old, new)
    assert new.calls == []
    bench.job()
    assert new.calls == []
    if held:
        bench.scheduler.hold([])
    else:
        bench.scheduler.enable(new, wanted=True)
    assert new.calls == ["replace"]


async def more_accepted(miner: Miner, running: asyncio.Task[None]) -> None:
    wanted = miner.stats.accepted + 20
    while miner.stats.accepted < wanted and not running.done():
        await turn()


def test_threads_come_and_go_without_losing_a_share_or_a_hash() -> None:
    """Real threads of the reference kernel, on a job that has an easy share."""
    source = a_source()

    async def run() -> Snapshot:
        backend = create(BackendOptions(threads=1, self_test=False))
        miner = Miner(source, [backend])
        running = asyncio.create_task(miner.run(LONG))
        for threads in (3, 1, 2):
            await more_accepted(miner, running)
            new = create(BackendOptions(threads=threads, self_test=False))
            hashed = sum(backend.telemetry().hashes.values())
            await miner.replace(backend, new)
            assert miner.snapshot().hashes >= hashed
            backend = new
        await more_accepted(miner, running)
        miner.stop()
        await running
        return miner.snapshot()

    shot = asyncio.run(run())
    assert (shot.duplicates, shot.hardware_errors, shot.lost) == (0, 0, 0)
    assert shot.accepted == len(source.shares) == sum(d.shares.accepted for d in shot.devices)
    assert shot.hashes == sum(device.hashes for device in shot.devices)
    # Every hash is of another header: what is found twice is counted as a duplicate.
    assert sum(device.enabled for device in shot.devices) == 2
