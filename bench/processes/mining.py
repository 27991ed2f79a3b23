"""The full miner at a pool, for so many jobs, with every figure it keeps."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from stampmill.bench.processes import holdings
from stampmill.bench.processes.children import Result, Settings
from stampmill.core.backends import registry
from stampmill.core.backends.base import Backend
from stampmill.core.backends.options import BackendOptions, CpuPriority
from stampmill.core.events import Event, JobArrived
from stampmill.core.garbage import collected_on_the_side
from stampmill.core.miner import Miner
from stampmill.core.settings import PoolSettings, RetryPolicy
from stampmill.pool.client import StratumSource
from stampmill.pool.trace import Direction

_AGENT = "stampmill/bench"


def child(settings: Settings) -> Result:
    """Mine at `url` until `jobs` jobs have come; note what the process holds after `marks` of them.

    `pins` are for TLS, `device` is an OpenCL device instead of the default backend, `priority` is
    the CPU threads'. Without marks it keeps the traffic, to look for shares sent too late.
    """
    pool = PoolSettings(settings["url"], "bench", tls_pins=tuple(settings.get("pins", ())))
    backend = _backend(settings.get("device", ""), CpuPriority(settings.get("priority", "idle")))
    return asyncio.run(_mine(pool, backend, settings["jobs"], set(settings.get("marks", ()))))


async def _mine(pool: PoolSettings, backend: Backend, jobs: int, marks: set[int]) -> Result:
    traffic = Traffic()
    # A fresh pool process answers at once or never: one retry is for a slow machine.
    source = StratumSource(
        pool,
        RetryPolicy(retries=1),
        user_agent=_AGENT,
        trace=None if marks else traffic.keep,
    )
    watch = _Watch(jobs, marks)
    miner = Miner(source, [backend], observer=watch)
    watch.stop = miner.stop
    async with collected_on_the_side():
        await miner.run()
    stats = miner.stats
    counted = ("jobs", "starved_jobs", "submitted", "accepted", "rejected", "stale", "lost",
               "unanswered", "hardware_errors")  # fmt: skip
    return {
        "kernel": miner.snapshot().kernel,
        **{name: getattr(stats, name) for name in counted},
        "job_switch": list(stats.job_switch.values),
        "share_path": list(stats.share_path.values),
        "dead_sent": traffic.dead_sent(),
        "marks": watch.marked,
    }


def _backend(device: str, priority: CpuPriority) -> Backend:
    """Return the one of a device, or the default."""
    options = BackendOptions(kernel=device or None, cpu_priority=priority)
    choice = registry.choose_default(options)
    return registry.create(choice.name, choice.options)


class Traffic:
    """The lines of a connection in their order; read only after the run, not to slow it down."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def keep(self, _direction: Direction, line: bytes) -> None:
        """Take a line down."""
        self._lines.append(line)

    def dead_sent(self) -> int:
        """Count submits sent after the clean job that killed theirs had been read: our fault.

        The pool counts those as stale too that were on their way when it sent the job.
        """
        live: set[str] = set()
        dead = 0
        for message in self._messages():
            match message.get("method"):
                case "mining.notify":
                    job_id, *_, clean = message["params"]
                    live = {job_id} if clean else live | {job_id}
                case "mining.submit":
                    dead += message["params"][1] not in live
        return dead

    def _messages(self) -> Iterator[dict[str, Any]]:
        return (json.loads(line) for line in self._lines)


class _Watch:
    """Ends the run after enough jobs, and notes what the process holds on the way."""

    def __init__(self, jobs: int, marks: set[int]) -> None:
        self.marked: list[Result] = []
        self.stop: Callable[[], object] = lambda: None
        self._jobs = jobs
        self._marks = marks
        self._seen = 0

    def __call__(self, event: Event) -> None:
        if not isinstance(event, JobArrived):
            return
        self._seen += 1
        if self._seen in self._marks and holdings.available():
            self.marked.append({"jobs": self._seen, **asdict(holdings.read())})
        if self._seen == self._jobs:
            self.stop()
