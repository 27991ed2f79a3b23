"""Wires a source, the scheduler and the backends together and runs them till it is time to stop."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress

from stampmill.core import picture
from stampmill.core.backends.base import Backend, BackendError
from stampmill.core.devices import Devices
from stampmill.core.errors import NoDeviceError, StampmillError
from stampmill.core.events import Notice, Observer
from stampmill.core.job_source import JobSource
from stampmill.core.scheduler import Holder, Scheduler
from stampmill.core.snapshot import Snapshot
from stampmill.core.stats import Stats

SAMPLE_SECONDS = 1.0
DRAIN_SECONDS = 2.0
"""How long open submits are waited for at the end."""

Amendment = Callable[[Snapshot], Snapshot]
"""Returns the snapshot with what it knows filled in."""


class Miner:
    """One run. Everything but the backends' own threads happens on the event loop."""

    def __init__(
        self,
        source: JobSource,
        backends: Sequence[Backend],
        *,
        observer: Observer = lambda _event: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.stats = Stats()
        self._source = source
        self._given = tuple(backends)
        self._backends: list[Backend] = []
        """Those that are open."""
        self._readers: dict[Backend, asyncio.Task[None]] = {}
        self._observer = observer
        self._clock = clock
        self._now = now
        self._scheduler = Scheduler(backends, self.stats, clock, observer)
        self._devices = Devices()
        self._stop = asyncio.Event()
        self._failure: Exception | None = None
        self._kernels = ""
        self._devices.begin(clock())
        self._finished: tuple[float, float] | None = None
        self._amendments: list[Amendment] = []
        self._replacing = asyncio.Lock()
        self._leaving: Backend | None = None
        """The one that another takes the place of."""

    def amend(self, amendment: Amendment) -> None:
        """Let something add to every snapshot what it alone knows: alerts, energy, policy."""
        self._amendments.append(amendment)

    def stop(self) -> None:
        """Ask the run to end; callable more than once."""
        self._stop.set()

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Those that are open and have not failed."""
        return tuple(self._backends)

    async def add(self, backend: Backend) -> None:
        """Open one more backend while the run goes on; raise what keeps it from opening."""
        await backend.open()
        if self._stop.is_set():
            await backend.close()
            return
        self._backends.append(backend)
        self._note_kernels()
        self._devices.count(backend, dict.fromkeys(backend.capabilities().devices, 0))
        self._readers[backend] = self._spawn(self._read(backend))
        self._scheduler.add(backend)

    async def replace(self, old: Backend, new: Backend) -> None:
        """Let a backend go on with the devices and counters of another; raise as `add` does.

        What the old one has found still counts. In between nothing is searched for as long as the
        old one takes to close.
        """
        await new.open()
        async with self._replacing:
            if self._stop.is_set() or old not in self._backends:
                await new.close()
                return
            self._leaving = old
            self._scheduler.remove(old)
            await self._close(old, self._readers[old])
            await asyncio.wait([self._readers.pop(old)])
            self._read_telemetry(old)
            self._hand_over(old, new)

    @property
    def owners(self) -> tuple[Backend, ...]:
        """The backend of each device of the snapshot."""
        return tuple(self._devices.owners)

    def pause(self, who: str, by: Holder = Holder.OPERATOR) -> None:
        """Let all devices rest, and free what they hold; the pool is stayed with.

        `who` is told to the views. Callable more than once: one `resume` by the same holder ends
        it. The run goes on when no holder's pause is left.
        """
        self._scheduler.pause(who, by)

    def resume(self, by: Holder = Holder.OPERATOR) -> None:
        """Go on after a pause of this holder's."""
        self._scheduler.resume(by)

    def hold(self, devices: Collection[int]) -> None:
        """Let the backends of these devices, by place in the snapshot, rest as the rules want it.

        All others go on, as far as they may: `enable` and `pause` are apart from it.
        """
        owners = self._devices.owners
        self._scheduler.hold(owners[device] for device in devices if device < len(owners))

    def enable(self, device: int, *, wanted: bool) -> bool:
        """Let a device, by its place in the snapshot, work or rest; tell whether that can be done.

        It can where the device is all that its backend has; raise IndexError for no device.
        """
        backend = self._devices.backend_of(device)
        if backend is None:
            return False
        self._scheduler.enable(backend, wanted=wanted)
        return True

    async def run(self, time_limit: float | None = None) -> None:
        """Mine until stopped or for so many seconds; raise what made it impossible to go on."""
        await self._open_backends()
        self._devices.begin(self._clock())
        for backend in self._backends:
            self._devices.count(backend, dict.fromkeys(backend.capabilities().devices, 0))
        self._readers = {b: self._spawn(self._read(b)) for b in self._backends}
        tasks = [self._spawn(self._run_source()), self._spawn(self._sample_regularly())]
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), time_limit)
        finally:
            await self._shut_down(tasks)
        if self._failure is not None:
            raise self._failure

    def snapshot(self) -> Snapshot:
        """Return a picture of the run as it is now; after it, of its end."""
        shot = self._take()
        for amendment in self._amendments:
            shot = amendment(shot)
        return shot

    def _take(self) -> Snapshot:
        now, time = self._finished or (self._clock(), self._now())
        return picture.take(
            self.stats,
            self._devices,
            self._source.status(),
            self._scheduler.job,
            kernel=self._kernels,
            paused=self._scheduler.paused,
            resting=self._scheduler.resting,
            held=self._scheduler.held,
            now=now,
            time=time,
        )

    async def _open_backends(self) -> None:
        """Open all at once: a board takes seconds, and there may be many."""
        opening: list[asyncio.Task[StampmillError | None]] = []
        try:
            async with asyncio.TaskGroup() as group:
                opening += [group.create_task(self._open(backend)) for backend in self._given]
        except BaseException as error:
            for backend in self._backends:
                await self._guard(backend.close())
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from error
            raise
        failures = [failure for task in opening if (failure := task.result()) is not None]
        if not self._backends:
            raise failures[-1] if failures else NoDeviceError("no backend was given")
        self._backends.sort(key=self._given.index)
        self._note_kernels()

    def _note_kernels(self) -> None:
        self._kernels = ", ".join(backend.capabilities().kernel for backend in self._backends)

    async def _open(self, backend: Backend) -> StampmillError | None:
        try:
            await backend.open()
        except StampmillError as error:
            self._leave_out(backend, error)
            return error
        self._backends.append(backend)
        return None

    def _hand_over(self, old: Backend, new: Backend) -> None:
        self._backends[self._backends.index(old)] = new
        self._devices.hand_over(old, new)
        self.stats.hand_over(old, new)
        self._note_kernels()
        self._readers[new] = self._spawn(self._read(new))
        self._scheduler.take_over(old, new)
        if self._failure is not None:  # the old one does not let go of its threads
            self._stop.set()

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
                self._scheduler.on_nonce(nonce, backend)
        except StampmillError as error:
            if backend is self._leaving:
                self._leave_out(backend, error)
            else:
                await self._drop(backend, error)
        else:
            if backend is not self._leaving and not self._stop.is_set():
                await self._drop(backend, BackendError("it stopped by itself"))

    async def _drop(self, backend: Backend, error: StampmillError) -> None:
        """Go on without a backend that broke; with none left the run is over."""
        self._leave_out(backend, error)
        self._read_telemetry(backend)
        self._devices.lose(backend)
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
        self._devices.rest(backend, telemetry.resting)
        if telemetry.board is not None:
            self._devices.report(backend, telemetry.board)
        self.stats.starved_jobs += telemetry.starved_jobs
        for seconds in telemetry.job_switches:
            self.stats.job_switch.add(seconds)

    async def _shut_down(self, tasks: list[asyncio.Task[None]]) -> None:
        """Stop scanning, deliver what was found, then wait a little for the answers."""
        self._stop.set()
        async with self._replacing:  # what has begun is over in a moment
            pass
        for backend in tuple(self._backends):
            # A job that still comes must not wake what is closed.
            self._scheduler.remove(backend)
            await self._close(backend, self._readers[backend])
        await asyncio.gather(*self._readers.values(), return_exceptions=True)
        self._sample()
        self._finished = self._clock(), self._now()
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
