"""A whole miner with its parts, run until a test has seen enough."""

import asyncio
from collections.abc import Callable

from stampmill.core.events import Event, Notice
from stampmill.core.job_source import JobSource
from stampmill.core.miner import Miner
from stampmill.core.snapshot import Snapshot

from .fakes import Clock, MemoryBackend, MemorySource, make_job, turn

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
