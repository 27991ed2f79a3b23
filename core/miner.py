"""Wires a source, the scheduler and the backends together and runs them till it is time to stop."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass

from stampmill.core.backends.base import Backend, BackendError
from stampmill.core.chain import target
from stampmill.core.errors import NoDeviceError, StampmillError
from stampmill.core.events import Notice, Observer
from stampmill.core.job_source import JobSource
from stampmill.core.scheduler import Scheduler
from stampmill.core.snapshot import DeviceSnapshot, Latency, Rates, Snapshot
from stampmill.core.stats import RATE_WINDOWS, LatencyLog, RateMeter, Stats

SAMPLE_SECONDS = 1.0
DRAIN_SECONDS = 2.0
"""How long open submits are waited for at the end."""


class Miner:
    """One run. Everything but the backends' own threads happens on the event loop."""

    def __init__(
        self,
        source: JobSource,
        backends: Sequence[Backend],
        *,
        observer: Observer = lambda _event: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stats = Stats()
        self._source = source
        self._given = tuple(backends)
        self._backends: list[Backend] = []
        """Those that are open."""
        self._observer = observer
        self._clock = clock
        self._scheduler = Scheduler(backends, self.stats, clock, observer)
        self._devices = _Devices()
        self._stop = asyncio.Event()
        self._failure: Exception | None = None
        self._kernels = ""
        self._started = clock()
        self._finished: float | None = None

    def stop(self) -> None:
        """Ask the run to end; callable more than once."""
        self._stop.set()

    def pause(self, who: str) -> None:
        """Let all devices rest, and free what they hold; the pool is stayed with.

        `who` is told to the views. Callable more than once: one `resume` ends it.
        """
        self._scheduler.pause(who)

    def resume(self) -> None:
        """Go on after a pause."""
        self._scheduler.resume()

    async def run(self, time_limit: float | None = None) -> None:
        """Mine until stopped or for so many seconds; raise what made it impossible to go on."""
        await self._open_backends()
        self._started = self._clock()
        self._devices.begin(self._started)
        readers = {backend: self._spawn(self._read(backend)) for backend in self._backends}
        tasks = [self._spawn(self._run_source()), self._spawn(self._sample_regularly())]
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), time_limit)
        finally:
            await self._shut_down(tasks, readers)
        if self._failure is not None:
            raise self._failure

    def snapshot(self) -> Snapshot:
        """Return a picture of the run as it is now."""
        now = self._clock() if self._finished is None else self._finished
        seconds = now - self._started
        stats, job = self.stats, self._scheduler.job
        rates = self._devices.total_rates(seconds)
        rate = rates.seconds_5 or rates.average
        return Snapshot(
            seconds=seconds,
            source=self._source.status(),
            kernel=self._kernels,
            paused=self._scheduler.paused,
            devices=self._devices.snapshots(seconds),
            hashes=self._devices.total,
            rates=rates,
            job_id=job.id if job else None,
            job_difficulty=job.difficulty if job else None,
            network_difficulty=target.difficulty_of_target(job.network_target) if job else None,
            expected_share_seconds=(
                target.expected_hashes(job.share_target) / rate if job and rate else None
            ),
            jobs=stats.jobs,
            clean_jobs=stats.clean_jobs,
            starved_jobs=stats.starved_jobs,
            accepted=stats.accepted,
            rejected=stats.rejected,
            reject_reasons=tuple(sorted(stats.reject_reasons.items())),
            stale=stats.stale,
            lost=stats.lost,
            unanswered=stats.unanswered,
            duplicates=stats.duplicates,
            hardware_errors=stats.hardware_errors,
            below_share=stats.below_share,
            blocks=stats.blocks,
            accepted_difficulty=stats.accepted_difficulty,
            best_difficulty=stats.best_difficulty,
            seconds_since_accepted=(
                max(now - stats.last_accepted_at, 0.0)  # it may come after the end, while draining
                if stats.last_accepted_at is not None
                else None
            ),
            job_switch=_latency(stats.job_switch),
            share_path=_latency(stats.share_path),
            pool_answer=_latency(stats.pool_answer),
        )

    async def _open_backends(self) -> None:
        failure: StampmillError = NoDeviceError("no backend was given")
        try:
            for backend in self._given:
                failure = await self._open(backend) or failure
        except BaseException:
            for backend in self._backends:
                await self._guard(backend.close())
            raise
        if not self._backends:
            raise failure
        self._kernels = ", ".join(backend.capabilities().kernel for backend in self._backends)

    async def _open(self, backend: Backend) -> StampmillError | None:
        try:
            await backend.open()
        except StampmillError as error:
            self._leave_out(backend, error)
            return error
        self._backends.append(backend)
        return None

    def _spawn(self, part: Coroutine[None, None, None]) -> asyncio.Task[None]:
        return asyncio.create_task(self._guard(part))

    async def _guard(self, part: Coroutine[None, None, None]) -> None:
        """Run a part of the miner; its failure ends the run and comes out of `run`."""
        try:
            await part
        except Exception as error:
            self._failure = self._failure or error
            self._stop.set()

    async def _run_source(self) -> None:
        await self._source.run(self._scheduler)
        self._stop.set()

    async def _read(self, backend: Backend) -> None:
        try:
            async for nonce in backend.nonces():
                self._scheduler.on_nonce(nonce)
        except StampmillError as error:
            await self._drop(backend, error)
        else:
            if not self._stop.is_set():
                await self._drop(backend, BackendError("it stopped by itself"))

    async def _drop(self, backend: Backend, error: StampmillError) -> None:
        """Go on without a backend that broke; with none left the run is over."""
        self._leave_out(backend, error)
        self._read_telemetry(backend)
        self._backends.remove(backend)
        if not self._backends:
            self._failure = self._failure or error
            self._stop.set()
        try:
            await backend.close()
        except StampmillError as worse:
            self._leave_out(backend, worse)

    def _leave_out(self, backend: Backend, error: StampmillError) -> None:
        self._observer(Notice(f"backend {backend.name} failed: {error}", warning=True))
        self._scheduler.remove(backend)

    async def _sample_regularly(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            self._sample()

    def _sample(self) -> None:
        for backend in self._backends:
            self._read_telemetry(backend)
        self._devices.sample(self._clock())

    def _read_telemetry(self, backend: Backend) -> None:
        telemetry = backend.telemetry()
        self._devices.count(backend, telemetry.hashes)
        self.stats.starved_jobs += telemetry.starved_jobs
        for seconds in telemetry.job_switches:
            self.stats.job_switch.add(seconds)

    async def _shut_down(
        self, tasks: list[asyncio.Task[None]], readers: dict[Backend, asyncio.Task[None]]
    ) -> None:
        """Stop scanning, deliver what was found, then wait a little for the answers."""
        self._stop.set()
        for backend in tuple(self._backends):
            # A job that still comes must not wake what is closed.
            self._scheduler.remove(backend)
            await self._close(backend, readers[backend])
        await asyncio.gather(*readers.values(), return_exceptions=True)
        self._sample()
        self._finished = self._clock()
        await self._source.drain(DRAIN_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, backend: Backend, reader: asyncio.Task[None]) -> None:
        """Close a backend; if it cannot, its reader would wait for ever."""
        try:
            await backend.close()
        except Exception as error:
            self._failure = self._failure or error
            reader.cancel()


@dataclass(slots=True)
class _Device:
    backend: str
    name: str
    meter: RateMeter
    hashes: int = 0


class _Devices:
    """Hash counts and rates by device, and their total."""

    def __init__(self) -> None:
        self._devices: dict[tuple[Backend, str], _Device] = {}
        self.begin(0.0)

    def begin(self, started: float) -> None:
        self._started = started
        self._meter = RateMeter(started)

    @property
    def total(self) -> int:
        return sum(device.hashes for device in self._devices.values())

    def count(self, backend: Backend, hashes: dict[str, int]) -> None:
        for name, count in hashes.items():
            if (backend, name) not in self._devices:
                new = _Device(backend.name, name, RateMeter(self._started))
                self._devices[backend, name] = new
            self._devices[backend, name].hashes = count

    def sample(self, now: float) -> None:
        """Take every rate; a device that counts no more comes down to zero."""
        for device in self._devices.values():
            device.meter.sample(now, device.hashes)
        self._meter.sample(now, self.total)

    def total_rates(self, seconds: float) -> Rates:
        return _rates(self._meter, self.total, seconds)

    def snapshots(self, seconds: float) -> tuple[DeviceSnapshot, ...]:
        return tuple(
            DeviceSnapshot(
                device.name,
                device.backend,
                device.hashes,
                _rates(device.meter, device.hashes, seconds),
            )
            for device in self._devices.values()
        )


def _rates(meter: RateMeter, total: int, seconds: float) -> Rates:
    short, minute, quarter = (meter.rate(window) for window in RATE_WINDOWS)
    return Rates(short, minute, quarter, total / seconds if seconds > 0 else 0.0)


def _latency(log: LatencyLog) -> Latency:
    return Latency(log.count, log.percentile(50), log.percentile(99))
