"""What the Backend protocol promises, asked of every backend that runs on this machine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest

from stampmill.core.backends import registry
from stampmill.core.backends.base import Backend
from stampmill.core.backends.info import KernelInfo
from stampmill.core.backends.options import BackendOptions
from stampmill.core.chain.target import DIFFICULTY_1_TARGET
from stampmill.core.job import Nonce

from .feeds import EVERY_HASH, GENESIS, RangeFeed

THREADS = 2

KERNELS = [kernel for backend in registry.describe_all() for kernel in backend.kernels]


def first_and_last(kernels: Sequence[KernelInfo]) -> list[KernelInfo]:
    """Return two that run here, or the one that there is: others differ in what is no backend's."""
    able = [kernel for kernel in kernels if not kernel.why_not] or list(kernels)
    return able if len(able) < 2 else [able[0], able[-1]]


OF_EACH_BACKEND = [
    kernel for backend in registry.describe_all() for kernel in first_and_last(backend.kernels)
]
"""Work is handed out, taken back and counted by the backend, whatever its kernel."""

of_each_backend = pytest.mark.parametrize(
    "kernel", OF_EACH_BACKEND, ids=lambda info: info.name, indirect=True
)


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile Numba's kernel once, and leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(params=KERNELS, ids=lambda info: info.name)
def kernel(request: pytest.FixtureRequest) -> str:
    if request.param.why_not:
        pytest.skip(request.param.why_not)
    return str(request.param.name)


def new_backend(kernel: str) -> Backend:
    choice = registry.choose_default(BackendOptions(threads=THREADS, kernel=kernel))
    return registry.create(choice.name, choice.options)


@asynccontextmanager
async def opened(kernel: str) -> AsyncIterator[Backend]:
    backend = new_backend(kernel)
    await backend.open()
    try:
        yield backend
    finally:
        await backend.close()


async def first_of(backend: Backend, count: int) -> list[Nonce]:
    nonces = backend.nonces()
    async with asyncio.timeout(20):
        return [await anext(nonces) for _ in range(count)]


def hashes(backend: Backend) -> int:
    return sum(backend.telemetry().hashes.values())


def both(feed: RangeFeed) -> bool:
    # The loop cuts the first pieces; a thread that takes another one has begun.
    return len(feed.takers - {threading.main_thread().ident}) == THREADS


def test_names_its_kernel_and_devices(kernel: str) -> None:
    async def run() -> None:
        async with opened(kernel) as backend:
            capabilities = backend.capabilities()
            assert capabilities.kernel == kernel
            devices = 1 if kernel.startswith("opencl:") else THREADS
            assert len(set(capabilities.devices)) == len(capabilities.devices) == devices
            assert list(backend.telemetry().hashes) == list(capabilities.devices)

    asyncio.run(run())


def test_finds_the_nonce_of_a_known_block(kernel: str) -> None:
    async def run() -> None:
        async with opened(kernel) as backend:
            feed = RangeFeed(GENESIS.nonce - 2000, GENESIS.nonce + 2000, DIFFICULTY_1_TARGET)
            backend.update(feed)
            (nonce,) = await first_of(backend, 1)
            assert (nonce.nonce, nonce.version, nonce.ntime) == (GENESIS.nonce, 1, GENESIS.ntime)
            assert nonce.work in feed.taken
            assert nonce.device in backend.capabilities().devices

    asyncio.run(run())


def test_finds_the_rolled_version_of_a_known_block(kernel: str) -> None:
    versions = (0x20000000, 2, 1, 0x3FFFE000)

    async def run() -> None:
        async with opened(kernel) as backend:
            first = GENESIS.nonce - 500
            backend.update(RangeFeed(first, first + 1000, DIFFICULTY_1_TARGET, versions=versions))
            (nonce,) = await first_of(backend, 1)
            assert (nonce.nonce, nonce.version) == (GENESIS.nonce, 1)

    asyncio.run(run())


@of_each_backend
@pytest.mark.parametrize("versions", [(1,), (1, 0x20000000, 3)])
def test_loses_nothing_in_a_flood_and_counts_every_hash(
    kernel: str, versions: tuple[int, ...]
) -> None:
    end = 6_000  # more than may wait for the loop

    async def run() -> None:
        async with opened(kernel) as backend:
            backend.update(RangeFeed(0, end, EVERY_HASH, versions=versions))
            found = await first_of(backend, end * len(versions))
            expected = {(nonce, version) for nonce in range(end) for version in versions}
            assert {(nonce.nonce, nonce.version) for nonce in found} == expected
        assert hashes(backend) == len(expected)

    asyncio.run(run())


@of_each_backend
@pytest.mark.parametrize("method", ["update", "replace"])
def test_goes_over_to_new_work_at_once(kernel: str, method: str) -> None:
    async def run() -> None:
        async with opened(kernel) as backend:
            old, new = RangeFeed(), RangeFeed()
            backend.update(old)
            assert await old.reaches(both)
            getattr(backend, method)(new)
            taken = len(old.taken)
            assert await new.reaches(both)
            # A thread that had seen its old cancel word before it was set may take one piece more.
            assert len(old.taken) <= taken + THREADS

    asyncio.run(run())


@of_each_backend
def test_hundreds_of_switches_in_a_flood_lose_nothing(kernel: str) -> None:
    async def all_of(backend: Backend) -> list[Nonce]:
        return [nonce async for nonce in backend.nonces()]

    async def run() -> None:
        async with opened(kernel) as backend:
            reader = asyncio.create_task(all_of(backend))
            for turn in range(200):
                (backend.replace if turn % 3 else backend.update)(
                    RangeFeed(turn << 20, target=EVERY_HASH)
                )
                if turn % 7 == 0:
                    backend.idle()
                await asyncio.sleep(0)
        found = await asyncio.wait_for(reader, 20)
        assert len({nonce.nonce for nonce in found}) == len(found) == hashes(backend)

    asyncio.run(run())


@of_each_backend
def test_reports_job_switches_once(kernel: str) -> None:
    async def run() -> None:
        async with opened(kernel) as backend:
            for _ in range(3):
                feed = RangeFeed()
                backend.replace(feed)
                # Who takes a second piece has begun on the first.
                assert await feed.reaches(lambda feed: both(feed) and len(feed.taken) > THREADS + 2)
            telemetry = backend.telemetry()
            assert len(telemetry.job_switches) + telemetry.starved_jobs == 3
            assert all(0 < seconds < 10 for seconds in telemetry.job_switches)
            assert backend.telemetry().job_switches == ()

    asyncio.run(run())


@of_each_backend
def test_idle_stops_hashing_until_there_is_work(kernel: str) -> None:
    async def run() -> None:
        async with opened(kernel) as backend:
            old, new = RangeFeed(), RangeFeed()
            backend.update(old)
            assert await old.reaches(both)
            backend.idle()
            taken = len(old.taken)
            assert not await old.reaches(lambda feed: len(feed.taken) > taken + THREADS, 0.15)
            backend.update(new)
            assert await new.reaches(both)

    asyncio.run(run())


@of_each_backend
def test_close_is_prompt_and_yields_what_was_found(kernel: str) -> None:
    async def run() -> None:
        async with opened(kernel) as backend:
            backend.update(RangeFeed(target=EVERY_HASH))
            found = await first_of(backend, 100)
            await asyncio.wait_for(backend.close(), 2)
            found += [nonce async for nonce in backend.nonces()]
            assert len({nonce.nonce for nonce in found}) == len(found) == hashes(backend)
            await backend.close()

    asyncio.run(run())


@of_each_backend
def test_work_after_close_is_left_alone(kernel: str) -> None:
    async def run() -> None:
        async with opened(kernel) as backend:
            await backend.close()
            feed = RangeFeed()
            backend.replace(feed)
            backend.idle()
            assert not feed.taken

    asyncio.run(run())


@of_each_backend
def test_telemetry_is_there_before_open(kernel: str) -> None:
    assert new_backend(kernel).telemetry().hashes == {}
