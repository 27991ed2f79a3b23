"""One pool of a group: its source, the task that runs it, and what it says."""

import asyncio
from collections.abc import Callable

from stampmill.core.errors import NoPoolError
from stampmill.core.job import Job, Share, ShareResult
from stampmill.core.job_source import JobListener, JobSource
from stampmill.pool.group.health import Health
from stampmill.pool.transport.connect import Sleep


class Member:
    """Runs a source while it is wanted, and passes on what it says under its own name.

    `told` is called when there is a first job, or none any more, `ended` when the source has given
    up or broken. `clock` is monotonic seconds, `sleep` waits on it.
    """

    def __init__(
        self,
        source: JobSource,
        health: Health,
        told: Callable[[], None],
        ended: Callable[[], None],
        *,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self.source = source
        self.health = health
        self.name = source.status().url
        self.active = False
        """Whether it is mined on: its jobs are passed on."""
        self.enabled = True
        """Whether the user wants it at all."""
        self.heard = True
        """Whether its lines are passed on."""
        self.alone = False
        """Whether its lines need no name, for there is no other."""
        self.gave_up = ""
        """The source's last word, when its retries were used up."""
        self.gave_up_as: type[NoPoolError] = NoPoolError
        """Its kind: by that a run ends with another exit code."""
        self.why = "not connected yet"
        """Why there is no job."""
        self.rests_until = 0.0
        self._told = told
        self._ended = ended
        self._clock = clock
        self._sleep = sleep
        self._listener: JobListener | None = None
        self._run: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._failures = 0

    @property
    def runs(self) -> bool:
        """Whether it is dialled, connected, or not yet left."""
        return self._run is not None

    @property
    def leaves(self) -> bool:
        """Whether it is only waited for what becomes of its shares."""
        return self._leaving is not None

    def start(self, listener: JobListener) -> None:
        """Dial."""
        self._listener = listener
        self._failures = self._failed_so_far()
        self.health.on_dial(self._clock())
        self._run = asyncio.create_task(self._guarded())

    def hang_up(self) -> None:
        """Leave the pool, which is not wanted any more."""
        if self.runs and not self.leaves:
            self.health.on_hung_up()
            self.stop()

    def stop(self) -> None:
        """Leave the pool once what was begun for it is sent and answered, or after so long."""
        if self._run is not None and self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(self._run))

    async def gone(self) -> None:
        """Leave at once, and wait until that is done."""
        for task in (self._leaving, self._run):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    def look(self) -> bool:
        """See whether the source has failed to connect; tell whether it gave up.

        Raise what broke it.
        """
        if self.health.job is None and self._failed_so_far() > self._failures:
            self.health.failed = True
        run = self._run
        if run is None or self.leaves or not run.done():
            return False
        self._run = None
        run.result()
        return True

    def _failed_so_far(self) -> int:
        status = self.source.status()
        return status.reconnects + sum(count for _, count in status.faults)

    async def _guarded(self) -> None:
        try:
            await self.source.run(self)
        except NoPoolError as error:
            self.gave_up = self.why = str(error)
            self.gave_up_as = type(error)
            self.health.on_no_job()
        finally:
            self._ended()

    async def _leave(self, run: asyncio.Task[None]) -> None:
        limits = self.health.limits
        try:
            await self._sleep(limits.late)
            await self.source.drain(limits.drain)
        finally:
            run.cancel()
            await asyncio.wait([run])
            self._leaving = None
            if run.cancelled():
                self._run = None

    # What the source tells: a JobListener.

    def on_job(self, job: Job) -> None:
        """Pass the job on if this pool is mined on, else keep it."""
        if self.leaves:
            return
        self.gave_up = ""
        self.health.on_job(job, self._clock())
        if self.active and self._listener is not None:
            self._listener.on_job(job)
        else:
            self._told()

    def on_no_job(self, why: str) -> None:
        """Let the group look for another pool."""
        self.why = why
        self.health.on_no_job()
        self._told()

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        """Pass the fate of a share on, whether or not this pool is mined on."""
        self.health.on_result(result)
        if self._listener is not None:
            self._listener.on_share_result(share, result)

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        """Pass a line on, if anybody is to hear it."""
        if self.heard and self._listener is not None:
            shown = text if self.alone else f"{self.name}: {text}"
            self._listener.on_notice(shown, warning=warning)
