import asyncio
import gc
import weakref

from stampmill.core.garbage import collected_on_the_side


class Node:
    """An object in a cycle with itself."""

    def __init__(self) -> None:
        self.me = self


async def gone(reference: "weakref.ref[Node]") -> None:
    while reference() is not None:  # noqa: ASYNC110  nothing tells of a collection
        await asyncio.sleep(0.001)


def test_cycles_are_freed_though_the_collector_does_not_start_by_itself() -> None:
    async def body() -> None:
        async with collected_on_the_side(pause=0.001):
            assert not gc.isenabled()
            await asyncio.wait_for(gone(weakref.ref(Node())), 10)

    asyncio.run(body())


def test_all_is_as_before_in_the_end() -> None:
    async def body() -> None:
        async with collected_on_the_side():
            assert gc.get_freeze_count() > 0

    asyncio.run(body())
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_collector_that_was_off_stays_off() -> None:
    async def body() -> None:
        async with collected_on_the_side():
            pass

    gc.disable()
    try:
        asyncio.run(body())
        assert not gc.isenabled()
    finally:
        gc.enable()
