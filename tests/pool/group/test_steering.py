"""A group of pools whose order and use a person changes while it mines."""

import pytest

from stampmill.core.errors import NoPoolError, UsageError
from stampmill.pool.group.choice import Balance
from tests.pool.loopback import in_loop, turns

from .test_source import Group, running


def ranks(rig: Group) -> list[tuple[str, int, bool]]:
    """Return url, rank and use of each pool, by number."""
    status = rig.group.status()
    each = sorted((status, *status.others), key=lambda pool: pool.number)
    return [(pool.url, pool.rank, pool.enabled) for pool in each]


@in_loop
async def test_the_pool_that_is_asked_for_is_mined_on_as_soon_as_it_has_a_job() -> None:
    async with running(3) as rig:
        rig.pools[0].job()
        rig.group.reorder([2])
        await turns()
        assert rig.dialled == [True, False, True]
        rig.pools[2].job()
        await turns()
        assert rig.mined_on == ["pool0", "pool2"]
        assert ranks(rig) == [("pool0", 1, True), ("pool1", 2, True), ("pool2", 0, True)]


@in_loop
async def test_a_pool_that_is_disabled_is_left_and_not_dialled_again() -> None:
    async with running(2) as rig:
        rig.pools[0].job()
        rig.group.enable(0, wanted=False)
        await rig.wait(3)
        assert rig.dialled == [False, True]
        rig.pools[1].job()
        await rig.wait(30)
        assert rig.dialled == [False, True]
        assert rig.mined_on == ["pool0", "pool1"]
        assert ranks(rig) == [("pool0", 0, False), ("pool1", 1, True)]


@in_loop
async def test_a_pool_that_is_enabled_again_is_gone_back_to() -> None:
    async with running(2) as rig:
        rig.group.enable(0, wanted=False)
        await rig.wait(3)
        rig.pools[1].job()
        rig.group.enable(0, wanted=True)
        await turns()
        assert rig.dialled == [True, True]


@in_loop
async def test_without_the_disabled_ones_nothing_is_left_to_wait_for() -> None:
    async with running(2) as rig:
        rig.group.enable(1, wanted=False)
        rig.pools[0].fail(NoPoolError("no pool0"))
        await rig.wait(3)
        assert rig.task.done()
        with pytest.raises(NoPoolError, match="no pool0"):
            await rig.task


@in_loop
async def test_what_makes_no_sense_is_refused() -> None:
    async with running(2) as rig:
        with pytest.raises(UsageError, match="no pool 2: they are 0 to 1"):
            rig.group.reorder([2])
        rig.group.enable(1, wanted=False)
        with pytest.raises(UsageError, match="last pool"):
            rig.group.enable(0, wanted=False)


@in_loop
async def test_pools_in_turns_have_no_order() -> None:
    async with running(2, Balance(10.0)) as rig:
        with pytest.raises(UsageError, match="in turns"):
            rig.group.reorder([1])
        rig.group.enable(0, wanted=False)
        await rig.wait(3)
        assert rig.dialled == [False, True]
