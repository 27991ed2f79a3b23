"""Asks each pool for a job, as a run would."""

import asyncio
from collections.abc import Callable

from stampmill.core.cli.doctor.finding import Finding, Grade, bad, doubtful, well
from stampmill.core.errors import StampmillError
from stampmill.core.job import Job, Share, ShareResult
from stampmill.core.job_source import JobSource
from stampmill.core.settings import PoolSettings
from stampmill.pool.endpoint import masked
from stampmill.pool.solo.node_url import is_node_url

PATIENCE = 15.0
"""Seconds for a first job; ordinary pools send it at once."""


async def ask_pools(
    pools: tuple[PoolSettings, ...],
    source_of: Callable[[PoolSettings], JobSource],
    patience: float = PATIENCE,
) -> list[Finding]:
    """Return what each pool said, all of them asked at once."""
    return list(await asyncio.gather(*(_ask(pool, source_of, patience) for pool in pools)))


async def _ask(
    pool: PoolSettings, source_of: Callable[[PoolSettings], JobSource], patience: float
) -> Finding:
    name = f"pool {masked(pool.url)}"
    if is_node_url(pool.url):
        return Finding(name, Grade.LEFT_OUT, "a node is tried by mining on it")
    listener = _Listener()
    try:
        running = asyncio.create_task(source_of(pool).run(listener))
    except StampmillError as error:
        return bad(name, str(error), "see the URL and the options of this pool")
    arrived = asyncio.create_task(listener.arrived.wait())
    await asyncio.wait([running, arrived], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    try:
        return _judged(name, listener, running, patience)
    finally:
        for task in (running, arrived):
            task.cancel()
        await asyncio.gather(running, arrived, return_exceptions=True)


def _judged(
    name: str, listener: "_Listener", running: "asyncio.Task[None]", patience: float
) -> Finding:
    if listener.job is not None:
        text = f"sends jobs, at difficulty {listener.job.difficulty:g}"
        if listener.warnings:
            return doubtful(name, f"{text}; {listener.warnings[0]}", "see whether this is meant")
        return well(name, text)
    error = running.exception() if running.done() and not running.cancelled() else None
    why = str(error) if error else "; ".join(listener.warnings) or f"no job within {patience:g} s"
    return bad(name, why, "see host, port, user and password, and whether a proxy is needed")


class _Listener:
    """Waits for one job."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.warnings: list[str] = []
        self.arrived = asyncio.Event()

    def on_job(self, job: Job) -> None:
        self.job = job
        self.arrived.set()

    def on_no_job(self, why: str) -> None:
        self.warnings.append(why)

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        """Nothing is submitted."""

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        if warning:
            self.warnings.append(text)
