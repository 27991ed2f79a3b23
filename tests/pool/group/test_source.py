"""A group of sources that a test steers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stampmill.core.errors import NoPoolError
from stampmill.core.job import Job, Nonce, RejectReason, Share, ShareResult, Verdict
from stampmill.core.job_source import JobListener, SourceState, SourceStatus
from stampmill.pool.audit import AuditLog
from stampmill.pool.group.choice import Balance, Failover, Policy
from stampmill.pool.group.limits import GroupLimits
from stampmill.pool.group.source import PoolGroup
from tests.core.fakes import make_job, make_work
from tests.pool.loopback import ManualTime, Recorder, in_loop, turns

LIMITS = GroupLimits()
REJECTED = ShareResult(Verdict.REJECTED, RejectReason.OTHER)


class SteeredSource:
    """Says what a test tells it to; keeps the shares that come back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.listener: JobListener | None = None
        self.runs = 0
        self.shares: list[Share] = []
        self.drained: list[float] = []
        self.drains = asyncio.Event()
        self.drains.set()
        self.reconnects = 0
        self._end: asyncio.Future[None] | None = None

    async def run(self, listener: JobListener) -> None:
        self.runs += 1
        self.listener = listener
        self._end = asyncio.get_running_loop().create_future()
        try:
            await self._end
        finally:
            self.listener = None

    def fail(self, error: Exception) -> None:
        assert self._end is not None
        self._end.set_exception(error)

    def submit(self, share: Share) -> None:
        self.shares.append(share)

    async def drain(self, seconds: float) -> None:
        self.drained.append(seconds)
        await self.drains.wait()

    def status(self) -> SourceStatus:
        return SourceStatus(
            "steered", SourceState.AUTHORIZED, self.name, "", reconnects=self.reconnects
        )

    def job(self, **changes: object) -> Job:
        job = make_job(self, id=self.name, **changes)
        assert self.listener is not None, f"{self.name} is not dialled"
        self.listener.on_job(job)
        return job

    def lose(self, why: str = "gone") -> None:
        assert self.listener is not None
        self.listener.on_no_job(why)


class Group:
    """A running group and all around it."""

    def __init__(self, count: int, policy: Policy, audit: AuditLog | None) -> None:
        self.time = ManualTime()
        self.listener = Recorder()
        self.pools = [SteeredSource(f"pool{place}") for place in range(count)]
        self.group = PoolGroup(
            self.pools, policy, audit=audit, clock=self.time.clock, sleep=self.time.sleep
        )
        self.task = asyncio.create_task(self.group.run(self.listener))

    @property
    def dialled(self) -> list[bool]:
        return [pool.listener is not None for pool in self.pools]

    @property
    def mined_on(self) -> list[str]:
        return [job.id for job in self.listener.jobs]

    async def wait(self, seconds: float) -> None:
        """Let time pass, in steps of the group's looks, with jobs that change."""
        await turns()
        for _ in range(int(seconds)):
            await self.time.advance(1.0)
        await turns()

    def share(self, job: Job) -> Share:
        work = make_work(job)
        return Share(Nonce(work, 0, 1, 1, 0.0, "0"), bytes(32), 1.0, solves_block=False)


@asynccontextmanager
async def running(
    count: int = 2, policy: Policy | None = None, audit: AuditLog | None = None
) -> AsyncIterator[Group]:
    rig = Group(count, policy or Failover(), audit)
    await turns()
    try:
        yield rig
    finally:
        rig.task.cancel()
        await asyncio.gather(rig.task, return_exceptions=True)


@in_loop
async def test_mines_on_the_first_and_leaves_the_others_alone() -> None:
    async with running(3) as rig:
        assert rig.dialled == [True, False, False]
        rig.pools[0].job()
        rig.pools[0].job(ntime=5)
        await rig.wait(30)
        assert rig.dialled == [True, False, False]
        assert rig.mined_on == ["pool0", "pool0"]


@in_loop
async def test_goes_on_at_the_next_when_the_connection_is_lost() -> None:
    async with running() as rig:
        rig.pools[0].job()
        rig.pools[0].lose("cable pulled")
        assert rig.listener.no_job == ["cable pulled"]
        await turns()
        rig.pools[1].job()
        assert rig.mined_on == ["pool0", "pool1"]


@in_loop
async def test_dials_the_next_when_the_first_is_slow_to_start() -> None:
    async with running() as rig:
        await rig.wait(LIMITS.first_job - 1)
        assert rig.dialled == [True, False]
        await rig.wait(2)
        assert rig.dialled == [True, True]


@in_loop
async def test_dials_the_next_as_soon_as_the_first_has_failed_once() -> None:
    async with running() as rig:
        rig.pools[0].reconnects = 1
        await rig.wait(1)
        assert rig.dialled == [True, True]


@in_loop
async def test_the_first_comes_back_only_when_stable_and_the_second_is_hung_up_on() -> None:
    async with running() as rig:
        rig.pools[0].job()
        rig.pools[0].lose()
        await turns()
        rig.pools[1].job()
        rig.pools[0].job()
        await rig.wait(LIMITS.stable - 1)
        assert rig.mined_on == ["pool0", "pool1"]
        await rig.wait(2)
        assert rig.mined_on == ["pool0", "pool1", "pool0"]
        await rig.wait(LIMITS.late)
        assert rig.dialled == [True, False]
        assert ("mining at pool0 instead of pool1", True) in rig.listener.notices


@in_loop
async def test_switches_are_in_the_audit_log(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with running(audit=audit) as rig:
        rig.pools[0].job()
        rig.pools[0].lose()
        await turns()
        rig.pools[1].job()
        rig.pools[0].job()
        await rig.wait(LIMITS.stable + 1)
    lines = map(json.loads, (tmp_path / "audit.jsonl").read_text().splitlines())
    assert [(line["event"], line["pool"], line["before"]) for line in lines] == [
        ("pool-switched", "pool0", "pool1")
    ]


@in_loop
async def test_jobs_of_a_pool_in_waiting_are_not_mined_but_its_latest_is_when_it_takes_over() -> (
    None
):
    async with running() as rig:
        rig.pools[0].job()
        rig.pools[0].lose()
        await turns()
        rig.pools[1].job()
        rig.pools[0].job(ntime=1)
        latest = rig.pools[0].job(ntime=2)
        await rig.wait(LIMITS.stable + 1)
        assert rig.listener.jobs[-1].ntime == latest.ntime
        assert rig.listener.jobs[-1].received_at > latest.received_at
        assert [job.ntime for job in rig.listener.jobs if job.ntime == 1] == []


@in_loop
async def test_a_share_goes_to_the_pool_of_its_job_whoever_is_mined_on() -> None:
    async with running() as rig:
        old = rig.pools[0].job()
        rig.pools[0].lose()
        await turns()
        rig.pools[1].job()
        share = rig.share(old)
        rig.group.submit(share)
        assert rig.pools[0].shares == [share]
        assert rig.pools[1].shares == []


@in_loop
async def test_a_pool_that_only_rejects_is_left_and_rests() -> None:
    async with running() as rig:
        job = rig.pools[0].job()
        for _ in range(LIMITS.rejects):
            assert rig.pools[0].listener is not None
            rig.pools[0].listener.on_share_result(rig.share(job), REJECTED)
        await rig.wait(1 + LIMITS.late)
        assert len(rig.listener.results) == LIMITS.rejects
        assert rig.dialled == [False, True]
        rig.pools[1].job()
        assert ("left pool0: it only rejects", True) in rig.listener.notices
        await rig.wait(LIMITS.rest + 1)
        assert rig.dialled == [True, True]
        rig.pools[0].job()
        rig.pools[1].job(ntime=3)
        await rig.wait(2 * LIMITS.stable - 2)
        assert rig.mined_on[-1] == "pool1"
        await rig.wait(3)
        assert rig.mined_on[-1] == "pool0"


@in_loop
async def test_a_pool_whose_job_never_changes_is_left() -> None:
    async with running() as rig:
        rig.pools[0].job()
        await rig.wait(LIMITS.stuck + 1 + LIMITS.late)
        assert rig.dialled == [False, True]
        assert rig.listener.no_job == ["its job never changes"]


@in_loop
async def test_a_pool_that_is_left_keeps_its_connection_while_shares_are_open() -> None:
    async with running() as rig:
        old = rig.pools[0].job()
        rig.pools[0].lose()
        await turns()
        backup = rig.pools[1].job()
        rig.pools[1].drains.clear()
        rig.pools[0].job()
        await rig.wait(LIMITS.stable + 1 + LIMITS.late)
        assert rig.pools[1].drained == [LIMITS.drain]
        assert rig.dialled == [True, True]
        answered = rig.share(backup)
        assert rig.pools[1].listener is not None
        rig.pools[1].listener.on_share_result(answered, ShareResult(Verdict.ACCEPTED))
        assert rig.listener.results[-1][0] is answered
        assert rig.listener.jobs[-1].sink is old.sink
        rig.pools[1].drains.set()
        await turns()
        assert rig.dialled == [True, False]


@in_loop
async def test_gives_up_when_all_have() -> None:
    async with running() as rig:
        rig.pools[0].fail(NoPoolError("no pool at a"))
        await rig.wait(2)
        rig.pools[1].fail(NoPoolError("no pool at b"))
        await rig.wait(2)
        with pytest.raises(NoPoolError, match="no pool at a; no pool at b"):
            await rig.task


@in_loop
async def test_one_that_gave_up_is_tried_again_while_another_works() -> None:
    async with running() as rig:
        rig.pools[0].fail(NoPoolError("no pool at a"))
        await rig.wait(2)
        rig.pools[1].job()
        await rig.wait(LIMITS.rest - 3)
        assert rig.pools[0].runs == 1
        await rig.wait(4)
        assert rig.pools[0].runs == 2


@in_loop
async def test_an_error_that_is_nobodys_fault_comes_out() -> None:
    async with running() as rig:
        rig.pools[0].fail(ZeroDivisionError())
        await rig.wait(2)
        with pytest.raises(ZeroDivisionError):
            await rig.task


@in_loop
async def test_balanced_pools_take_turns_without_a_word() -> None:
    async with running(2, Balance(10.0)) as rig:
        assert rig.dialled == [True, True]
        for pool in rig.pools:
            pool.job()
        await rig.wait(100)
        assert 8 <= len(rig.mined_on) <= 12
        assert rig.mined_on[:4] == ["pool0", "pool1", "pool0", "pool1"]
        assert rig.listener.notices == []


@in_loop
async def test_drain_waits_for_all_pools() -> None:
    async with running(2, Balance(10.0)) as rig:
        await rig.group.drain(3.0)
        assert [pool.drained for pool in rig.pools] == [[3.0], [3.0]]


@in_loop
async def test_status_is_of_the_pool_mined_on_with_the_others_beside() -> None:
    async with running() as rig:
        rig.pools[0].job()
        rig.pools[0].lose()
        await turns()
        rig.pools[1].job()
        status = rig.group.status()
        assert (status.url, [other.url for other in status.others]) == ("pool1", ["pool0"])


@in_loop
async def test_lines_carry_their_pool_and_those_in_waiting_are_silent() -> None:
    async with running() as rig:
        assert rig.pools[0].listener is not None
        rig.pools[0].listener.on_notice("refused", warning=True)
        rig.pools[0].lose()
        await turns()
        rig.pools[1].job()
        rig.pools[0].listener.on_notice("refused again", warning=True)
        assert rig.listener.notices == [("pool0: refused", True)]
