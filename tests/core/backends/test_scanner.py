import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from stampmill.core import native
from stampmill.core.backends import threads
from stampmill.core.backends.base import BackendError
from stampmill.core.backends.options import BackendOptions, CpuPriority
from stampmill.core.backends.scanner import ScannerBackend
from stampmill.core.errors import ScanRequestError, VerificationError
from stampmill.core.job import Nonce
from stampmill.core.scan import CancelWord, ScanRequest, ScanResult, ScanStatus

from .feeds import RangeFeed
from .scripted import ScriptedKernel, all_done, every_nonce, scanner, until_cancelled

DEFAULT_HITS = 64


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(30):
            await body()

    asyncio.run(limited())


async def all_of(backend: ScannerBackend) -> list[Nonce]:
    return [nonce async for nonce in backend.nonces()]


async def called(kernel: ScriptedKernel, number: int, seconds: float = 10) -> bool:
    return await asyncio.to_thread(kernel.wait_for_call, number, seconds)


def fail(_request: ScanRequest, _cancel: CancelWord) -> ScanResult:
    raise ZeroDivisionError("kernel bug")


def refuse(_request: ScanRequest, _cancel: CancelWord) -> ScanResult:
    raise ScanRequestError("no such range")


def test_a_broken_kernel_ends_the_nonces_with_an_error() -> None:
    async def body() -> None:
        backend = scanner(ScriptedKernel(fail), threads=2)
        await backend.open()
        backend.update(RangeFeed())
        with pytest.raises(BackendError, match="backend test broke: ZeroDivisionError"):
            await all_of(backend)
        await backend.close()
        assert not [thread for thread in threading.enumerate() if "stampmill" in thread.name]

    run(body)


def test_a_typed_error_of_a_thread_stays_what_it_is() -> None:
    async def body() -> None:
        backend = scanner(ScriptedKernel(refuse))
        await backend.open()
        backend.update(RangeFeed())
        with pytest.raises(ScanRequestError, match="no such range"):
            await all_of(backend)
        await backend.close()

    run(body)


def test_a_broken_feed_ends_the_nonces_with_an_error() -> None:
    @dataclass
    class Broken:
        received_at: float = 0.0

        def take(self, nonces: int, versions: int) -> None:
            raise KeyError(nonces)

    async def body() -> None:
        backend = scanner(ScriptedKernel(all_done))
        await backend.open()
        backend.update(Broken())
        with pytest.raises(BackendError, match="KeyError"):
            await all_of(backend)
        await backend.close()

    run(body)


def once(request: ScanRequest, cancel: CancelWord) -> ScanResult:
    return (fail if request.first else every_nonce)(request, cancel)


def test_nonces_found_before_an_error_are_yielded_first() -> None:
    async def body() -> None:
        backend = scanner(ScriptedKernel(once))
        await backend.open()
        backend.update(RangeFeed())
        nonces = backend.nonces()
        assert [(await anext(nonces)).nonce for _ in range(64)] == list(range(64))
        with pytest.raises(BackendError):
            await anext(nonces)
        await backend.close()

    run(body)


def test_nonces_of_replaced_work_are_still_reported() -> None:
    async def body() -> None:
        kernel = ScriptedKernel(until_cancelled)
        backend = scanner(kernel)
        await backend.open()
        old, new = RangeFeed(1000), RangeFeed(2000)
        backend.update(old)
        assert await called(kernel, 1)
        backend.replace(new)
        nonce = await anext(backend.nonces())
        assert (nonce.nonce, nonce.work) == (1000, old.taken[0])
        await backend.close()

    run(body)


def test_an_unread_flood_stops_the_threads_until_it_is_read() -> None:
    async def body() -> None:
        kernel = ScriptedKernel(every_nonce)
        backend = scanner(kernel, threads=2, capacity=100)
        await backend.open()
        feed = RangeFeed(0, 64 * 40)
        backend.update(feed)
        # The thread that has the work; after its second call there is no room.
        assert await called(kernel, 2)
        assert not await called(kernel, 3, 0.2)
        nonces = backend.nonces()
        found = [await anext(nonces) for _ in range(64 * 40)]
        assert sorted(nonce.nonce for nonce in found) == list(range(64 * 40))
        await backend.close()

    run(body)


def test_a_full_box_keeps_no_thread_from_new_work_or_from_closing() -> None:
    async def body() -> None:
        kernel = ScriptedKernel(every_nonce)
        backend = scanner(kernel, threads=2, capacity=1)
        await backend.open()
        old, new = RangeFeed(0, 1 << 20), RangeFeed(1 << 20)
        backend.update(old)
        assert await called(kernel, 1)
        backend.replace(new)
        taken = len(old.taken)
        nonces = backend.nonces()
        for _ in range(64 * 3):
            await anext(nonces)
        assert new.taken
        assert len(old.taken) <= taken + 2
        await asyncio.wait_for(backend.close(), 2)
        assert len(await all_of(backend)) <= 64 * 4

    run(body)


def test_memory_of_a_flood_is_bounded() -> None:
    async def body() -> None:
        kernel = ScriptedKernel(every_nonce)
        backend = scanner(kernel, threads=2, capacity=100)
        await backend.open()
        for first in range(50):
            backend.replace(RangeFeed(first << 10))
            await called(kernel, 1)
        await backend.close()
        assert len(await all_of(backend)) < 2 * (100 + DEFAULT_HITS)

    run(body)


def test_a_used_up_feed_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "RETRY_SECONDS", 0.01)

    async def body() -> None:
        backend = scanner(ScriptedKernel(every_nonce))
        await backend.open()
        feed = RangeFeed(0, 10)
        backend.update(feed)
        nonces = backend.nonces()
        first = [await anext(nonces) for _ in range(10)]
        feed.extend(20)
        second = [await anext(nonces) for _ in range(10)]
        assert [nonce.nonce for nonce in first + second] == list(range(20))
        await backend.close()

    run(body)


def test_a_used_up_feed_does_not_delay_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "RETRY_SECONDS", 1000.0)

    async def body() -> None:
        backend = scanner(ScriptedKernel(every_nonce))
        await backend.open()
        nonces = backend.nonces()
        for first in (0, 100, 200):
            backend.update(RangeFeed(first, first + 1))
            assert (await anext(nonces)).nonce == first
        await backend.close()

    run(body)


def test_a_job_switch_lasts_until_the_last_thread_begins() -> None:
    now = [100.0]

    async def body() -> None:
        kernel = ScriptedKernel(until_cancelled)
        backend = scanner(kernel, threads=2, clock=lambda: now[0])
        await backend.open()
        backend.update(RangeFeed(received_at=99.75))
        assert await called(kernel, 2)
        assert backend.telemetry().job_switches == (0.25,)
        await backend.close()

    run(body)


def test_a_job_that_never_reached_all_threads_is_starved() -> None:
    async def body() -> None:
        backend = scanner(ScriptedKernel(every_nonce), threads=2)
        await backend.open()
        nothing = RangeFeed(5, 5)
        backend.update(nothing)
        backend.update(nothing)
        backend.replace(nothing)
        backend.idle()
        telemetry = backend.telemetry()
        assert (telemetry.starved_jobs, telemetry.job_switches) == (2, ())
        assert backend.telemetry().starved_jobs == 0
        await backend.close()

    run(body)


@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
def test_c_kernels_switch_jobs_without_the_interpreter() -> None:
    patience = sys.getswitchinterval()

    async def body() -> None:
        options = BackendOptions(threads=2)
        backend = ScannerBackend("test", lambda: native.select("generic"), options)
        await backend.open()
        old, new = RangeFeed(), RangeFeed()
        backend.update(old)
        # The loop cuts the first pieces; a thread that takes another one has begun.
        assert await old.reaches(lambda feed: len(feed.takers) == 3)
        assert len(backend.telemetry().job_switches) == 1
        # From here on no other thread gets to run Python.
        sys.setswitchinterval(60)
        backend.replace(new)
        switches: tuple[float, ...] = ()
        while not switches and time.monotonic() < new.received_at + 10:
            switches = backend.telemetry().job_switches
        sys.setswitchinterval(patience)
        assert len(switches) == 1
        assert 0 < switches[0] < 10
        await backend.close()

    try:
        run(body)
    finally:
        sys.setswitchinterval(patience)


@pytest.mark.parametrize(
    ("priority", "ways"), [(CpuPriority.IDLE, {True}), (CpuPriority.NORMAL, {False})]
)
def test_threads_give_way_or_take_turns_as_they_are_told(
    priority: CpuPriority, ways: set[bool]
) -> None:
    async def body() -> None:
        options = BackendOptions(threads=2, cpu_priority=priority, self_test=False)
        backend = ScannerBackend("test", lambda: ScriptedKernel(all_done), options)
        await backend.open()
        assert {thread._placement.gives_way for thread in backend._threads} == ways
        await backend.close()

    run(body)


@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
def test_jobs_that_follow_each_other_fast_pile_nothing_up() -> None:
    async def body() -> None:
        backend = ScannerBackend(
            "test", lambda: native.select("generic"), BackendOptions(threads=2)
        )
        await backend.open()
        for _ in range(100):
            backend.replace(RangeFeed())
            deadline = time.monotonic() + 10
            # Nothing tells when a thread has begun; a loop that spins would keep it from its CPU.
            while not backend.telemetry().job_switches and time.monotonic() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert hashes_of(backend) > 0
        assert all(len(thread._live) + len(thread._offered) < 70 for thread in backend._threads)
        await backend.close()

    run(body)


def test_a_piece_that_is_called_back_before_it_runs_is_let_go() -> None:
    async def body() -> None:
        kernel = ScriptedKernel(every_nonce)
        backend = scanner(kernel, capacity=1)
        await backend.open()
        nonces = backend.nonces()
        for turn in range(1, 21):
            backend.replace(RangeFeed(turn << 20))
            # Behind these the thread waits for room, with the rest of its piece in hand.
            while (await anext(nonces)).nonce >> 20 != turn:
                pass
        await backend.close()
        assert len(backend._threads[0]._live) < 5

    run(body)


def hashes_of(backend: ScannerBackend) -> int:
    return sum(backend.telemetry().hashes.values())


def test_hashes_of_a_cancelled_scan_count() -> None:
    async def body() -> None:
        kernel = ScriptedKernel(until_cancelled)
        backend = scanner(kernel)
        await backend.open()
        backend.update(RangeFeed(versions=(1, 2, 3)))
        assert await called(kernel, 1)
        await backend.close()
        assert list(backend.telemetry().hashes.values()) == [3]

    run(body)


def test_resumes_inside_a_nonce_where_the_buffer_was_full() -> None:
    requests: list[ScanRequest] = []

    def script(request: ScanRequest, _cancel: CancelWord) -> ScanResult:
        requests.append(request)
        if len(requests) == 1:
            return ScanResult(ScanStatus.FULL, (), request.first + 2, 1)
        return ScanResult(ScanStatus.DONE, (), request.end, 0)

    async def body() -> None:
        kernel = ScriptedKernel(script)
        backend = scanner(kernel)
        await backend.open()
        backend.update(RangeFeed(0, 10, versions=(7, 8)))
        assert await called(kernel, 2)
        await backend.close()
        assert (requests[1].first, requests[1].first_version, requests[1].end) == (2, 1, 10)
        assert list(backend.telemetry().hashes.values()) == [20]

    run(body)


def test_a_nonce_carries_the_time_at_which_its_scan_returned() -> None:
    ticks = iter(range(1000))

    async def body() -> None:
        kernel = ScriptedKernel(every_nonce)
        backend = scanner(kernel, clock=lambda: float(next(ticks)))
        await backend.open()
        backend.update(RangeFeed(0, 1))
        # Begun at 0, and then the scan's end.
        assert (await anext(backend.nonces())).found_at == 1.0
        await backend.close()

    run(body)


def test_a_kernel_that_fails_its_self_test_never_mines() -> None:
    async def body() -> None:
        kernel = ScriptedKernel(all_done)
        backend = ScannerBackend("test", lambda: kernel, BackendOptions(threads=1))
        with pytest.raises(VerificationError, match="scripted"):
            await backend.open()
        with pytest.raises(BackendError, match="not open"):
            backend.update(RangeFeed())
        await backend.close()

    run(body)


def test_a_kernel_that_does_not_return_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stampmill.core.backends.scanner.STOP_SECONDS", 0.05)
    release = threading.Event()

    def deaf(request: ScanRequest, _cancel: CancelWord) -> ScanResult:
        release.wait()
        return ScanResult(ScanStatus.DONE, (), request.end, 0)

    async def body() -> None:
        kernel = ScriptedKernel(deaf)
        backend = scanner(kernel)
        await backend.open()
        backend.update(RangeFeed())
        assert await called(kernel, 1)
        with pytest.raises(BackendError, match=r"scripted did not stop within 0\.05 s"):
            await backend.close()
        release.set()
        await backend.close()

    run(body)


def test_opens_once() -> None:
    async def body() -> None:
        backend = scanner(ScriptedKernel(all_done))
        await backend.open()
        with pytest.raises(BackendError, match="opened before"):
            await backend.open()
        await backend.close()

    run(body)


def test_needs_open_for_work_and_capabilities() -> None:
    async def body() -> None:
        backend = scanner(ScriptedKernel(all_done))
        for call in (backend.capabilities, backend.idle, lambda: backend.replace(RangeFeed())):
            with pytest.raises(BackendError, match="backend test is not open"):
                call()
        await backend.close()

    run(body)


def test_threads_leave_when_the_loop_is_gone() -> None:
    backend = scanner(ScriptedKernel(every_nonce), threads=2)

    async def body() -> None:
        await backend.open()

    run(body)
    backend.update(RangeFeed())
    for thread in backend._threads:
        thread.join()
