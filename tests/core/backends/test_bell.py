import asyncio
import os
import threading

import pytest

from stampmill.core.backends.bell import Bell


@pytest.fixture(params=["as it is", "without eventfd"], autouse=True)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without eventfd":
        monkeypatch.delattr(os, "eventfd", raising=False)


def test_a_ring_of_another_thread_is_answered_on_the_loop() -> None:
    async def body() -> None:
        heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        bell = Bell(asyncio.get_running_loop(), lambda: heard.set_result(threading.get_ident()))
        threading.Thread(target=bell.ring).start()
        assert await asyncio.wait_for(heard, 10) == threading.get_ident()
        bell.close()

    asyncio.run(body())


def test_each_ring_behind_an_answer_is_answered() -> None:
    async def body() -> None:
        heard = asyncio.Event()
        bell = Bell(asyncio.get_running_loop(), heard.set)
        for _ in range(3):
            heard.clear()
            bell.ring()
            await asyncio.wait_for(heard.wait(), 10)
        bell.close()

    asyncio.run(body())


def test_a_loop_that_is_gone_is_no_place_to_ring() -> None:
    async def body() -> Bell:
        return Bell(asyncio.get_running_loop(), lambda: None)

    bell = asyncio.run(body())
    with pytest.raises(RuntimeError):
        bell.ring()
