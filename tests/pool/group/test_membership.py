"""Pools that are added to a group, and taken out of it, while it mines."""

import pytest

from stampmill.core.errors import NoPoolError, UsageError
from stampmill.core.job import ShareResult, Verdict
from stampmill.pool.group.choice import Balance
from stampmill.pool.group.limits import GroupLimits
from tests.pool.loopback import in_loop, turns

from .test_source import Group, SteeredSource, running
from .test_steering import ranks

LIMITS = GroupLimits()


def add(rig: Group, name: str = "late") -> SteeredSource:
    late = SteeredSource(name)
    assert rig.group.add(late) == len(rig.pools)
    rig.pools.append(late)
    return late


@in_loop
async def test_an_added_pool_stands_behind_all_others() -> None:
    async with running(1) as rig:
        rig.pools[0].job()
        late = add(rig)
        await turns()
        assert rig.dialled == [True, False]
        assert ranks(rig) == [("pool0", 0, True), ("late", 1, True)]
        rig.pools[0].lose()
        await turns()
        late.job()
        assert rig.mined_on == ["pool0", "late"]


@in_loop
async def test_an_added_pool_can_be_preferred() -> None:
    async with running(1) as rig:
        rig.pools[0].job()
        late = add(rig)
        rig.group.reorder([1])
        await turns()
        late.job()
        assert rig.mined_on == ["pool0", "late"]
        await rig.wait(LIMITS.late)
        assert rig.dialled == [False, True]


@in_loop
async def test_a_removed_pool_is_left_when_its_shares_are_answered() -> None:
    async with running(2) as rig:
        old = rig.pools[0].job()
        rig.pools[0].drains.clear()
        rig.group.remove(0)
        assert rig.listener.no_job == ["pool0 was removed"]
        await turns()
        assert rig.dialled == [True, True]
        rig.pools[1].job()
        share = rig.share(old)
        assert rig.pools[0].listener is not None
        rig.pools[0].listener.on_share_result(share, ShareResult(Verdict.ACCEPTED))
        assert rig.listener.results[-1][0] is share
        rig.pools[0].listener.on_job(old)
        assert rig.mined_on == ["pool0", "pool1"], "its jobs are not wanted any more"
        await rig.wait(LIMITS.late)
        assert rig.dialled == [True, True]
        rig.pools[0].drains.set()
        await rig.wait(2)
        assert rig.dialled == [False, True]
        assert ranks(rig) == [("pool1", 0, True)]
        assert rig.pools[0].drained == [LIMITS.drain]


@in_loop
async def test_what_is_found_for_a_pool_just_before_it_is_removed_still_gets_there() -> None:
    async with running(2) as rig:
        old = rig.pools[0].job()
        rig.group.remove(0)
        await rig.wait(LIMITS.late - 1)
        assert rig.dialled == [True, True]
        assert rig.pools[0].drained == [], "nothing is open, but something may still be found"
        rig.pools[0].drains.clear()
        share = rig.share(old)
        rig.group.submit(share)
        assert rig.pools[0].shares == [share]
        await rig.wait(1)
        assert (rig.pools[0].drained, rig.dialled) == ([LIMITS.drain], [True, True])
        assert rig.pools[0].listener is not None
        rig.pools[0].listener.on_share_result(share, ShareResult(Verdict.ACCEPTED))
        rig.pools[0].drains.set()
        await rig.wait(1)
        assert rig.listener.results == [(share, ShareResult(Verdict.ACCEPTED))]
        assert rig.dialled == [False, True]


@in_loop
async def test_a_pool_that_works_takes_over_at_once_from_one_that_is_removed() -> None:
    async with running(2, Balance(10.0)) as rig:
        for pool in rig.pools:
            pool.job()
        rig.group.remove(0)
        assert rig.mined_on == ["pool0", "pool1"]
        assert rig.listener.no_job == []


@in_loop
async def test_numbers_move_up_when_a_pool_is_removed() -> None:
    async with running(3) as rig:
        rig.pools[0].job()
        rig.group.remove(1)
        assert ranks(rig) == [("pool0", 0, True), ("pool2", 1, True)]
        rig.group.reorder([1])
        assert ranks(rig) == [("pool0", 1, True), ("pool2", 0, True)]
        with pytest.raises(UsageError, match="no pool 2: they are 0 to 1"):
            rig.group.remove(2)


@in_loop
async def test_the_last_pool_in_use_stays() -> None:
    async with running(2) as rig:
        rig.group.enable(1, wanted=False)
        with pytest.raises(UsageError, match="last pool"):
            rig.group.remove(0)
        rig.group.remove(1)
        with pytest.raises(UsageError, match="last pool"):
            rig.group.remove(0)


@in_loop
async def test_a_removed_pool_takes_nothing_along_when_it_fails() -> None:
    async with running(2) as rig:
        rig.pools[0].drains.clear()
        rig.group.remove(0)
        await turns()
        rig.pools[0].fail(NoPoolError("no pool0"))
        await rig.wait(2)
        assert not rig.task.done()


@in_loop
async def test_the_end_of_a_run_waits_for_removed_pools_too() -> None:
    async with running(2) as rig:
        rig.pools[0].job()
        rig.pools[0].drains.clear()
        rig.group.remove(0)
        await rig.wait(LIMITS.late)
        rig.pools[0].drains.set()
        await rig.group.drain(3.0)
        assert rig.pools[0].drained == [LIMITS.drain, 3.0]


@in_loop
async def test_quotas_change_what_comes_next() -> None:
    async with running(2, Balance(10.0)) as rig:
        rig.group.set_quota(1, 3)
        for pool in rig.pools:
            pool.job()
        await rig.wait(200)
        assert rig.mined_on.count("pool1") >= 4
        status = rig.group.status()
        assert sorted(pool.quota for pool in (status, *status.others)) == [1, 3]


@in_loop
async def test_there_are_no_quotas_without_turns() -> None:
    async with running(2) as rig:
        with pytest.raises(UsageError, match="no quotas"):
            rig.group.set_quota(1, 3)


@in_loop
async def test_a_single_pool_is_stayed_with_and_speaks_without_its_name() -> None:
    async with running(1) as rig:
        rig.pools[0].job()
        assert rig.pools[0].listener is not None
        rig.pools[0].listener.on_notice("hello")
        await rig.wait(LIMITS.stuck + 1)
        assert rig.dialled == [True]
        assert rig.listener.notices == [("hello", False)]
        add(rig)
        await rig.wait(1 + LIMITS.late)
        assert rig.pools[0].drained == [LIMITS.drain], "now there is one to go to"


@in_loop
async def test_a_single_pool_that_gives_up_ends_the_run_at_once() -> None:
    async with running(1) as rig:
        rig.pools[0].fail(NoPoolError("no pool0"))
        await turns()
        with pytest.raises(NoPoolError, match="^no pool0$"):
            await rig.task
