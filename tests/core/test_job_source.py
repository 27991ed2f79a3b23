import asyncio
import math
from collections.abc import Callable

from stampmill.core.chain import target
from stampmill.core.job import Job, Share, ShareResult, Verdict
from stampmill.core.job_source import FixedJobSource, SourceState
from stampmill.core.verify import verify
from stampmill.core.work import ExtranonceCounter, WorkSpace

from .fakes import Clock, first_nonce


class Listener:
    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.results: list[tuple[Share, ShareResult]] = []

    def on_job(self, job: Job) -> None:
        self.jobs.append(job)

    def on_no_job(self, why: str) -> None:
        raise AssertionError(why)

    def on_share_result(self, share: Share, result: ShareResult) -> None:
        self.results.append((share, result))

    def on_notice(self, text: str, *, warning: bool = False) -> None:
        raise AssertionError(text)


def during_run(source: FixedJobSource, act: Callable[[Listener], None]) -> Listener:
    """Run a source, let a test act on it, then cancel it."""

    async def play() -> Listener:
        listener = Listener()
        running = asyncio.create_task(source.run(listener))
        await asyncio.sleep(0)
        act(listener)
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
        return listener

    return asyncio.run(play())


def a_share(job: Job) -> Share:
    work = WorkSpace(job, ExtranonceCounter(), Clock()).take(1 << 32, 1, job.report_target)
    assert work is not None
    _, share = verify(first_nonce(work))
    assert share is not None
    return share


def test_one_clean_job_comes_and_no_other() -> None:
    listener = during_run(FixedJobSource(), lambda _: None)
    assert [(job.id, job.clean) for job in listener.jobs] == [("fixed", True)]


def test_nothing_meets_the_job_unless_asked_for() -> None:
    job = FixedJobSource().job()
    assert job.report_target == 0
    assert job.difficulty == math.inf


def test_a_share_is_accepted_at_once_and_kept() -> None:
    source = FixedJobSource(share_target=target.MAX_TARGET >> 4)
    listener = during_run(source, lambda listener: source.submit(a_share(listener.jobs[0])))
    [(share, result)] = listener.results
    assert source.shares == [share]
    assert result == ShareResult(Verdict.ACCEPTED, latency=0.0)


def test_a_share_of_the_job_finds_its_way_back() -> None:
    source = FixedJobSource(share_target=target.MAX_TARGET)
    assert source.job().sink is source


def test_versions_are_rolled_where_a_mask_is_given() -> None:
    job = FixedJobSource(version_mask=0x1FFFE000).job()
    work = WorkSpace(job, ExtranonceCounter(), Clock()).take(1, 4, 0)
    assert work is not None
    assert len(work.versions) == 4


def test_there_is_nothing_to_drain() -> None:
    asyncio.run(FixedJobSource().drain(5.0))


def test_its_status_is_ready_and_nothing_open() -> None:
    status = FixedJobSource().status()
    assert (status.state, status.pending) == (SourceState.AUTHORIZED, 0)
