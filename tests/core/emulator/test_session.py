import asyncio
import os

import pytest

from stampmill.core import native
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.faults.catalogue import parse
from stampmill.core.emulator.session import PacedClock, Session
from tests.core.fakes import Clock

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")


def test_time_that_a_busy_machine_loses_is_not_made_up_for():
    real = Clock()
    clock = PacedClock(real)
    real.now += 0.05
    assert clock.step() == pytest.approx(0.05)
    real.now += 3.1
    assert clock.step() == pytest.approx(0.15)
    assert clock.lost == pytest.approx(3.0)


def test_a_driver_that_stops_reading_loses_bytes_under_a_counter():
    async def flood() -> float:
        board = build(BoardOptions("bm1370", faults=parse(["garbage-at-start:200000"])))
        session = Session(board)
        session.open()
        descriptor = os.open(session.names[""], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        await asyncio.sleep(0.1)
        session.close()
        os.close(descriptor)
        return board.counters()["fault overrun"]

    assert asyncio.run(flood()) > 65_536


def test_closing_leaves_no_descriptor_and_no_timer():
    async def session() -> None:
        for _ in range(20):
            one = Session(build(BoardOptions("bitaxe-gamma")))
            one.open()
            await asyncio.sleep(0)
            one.close()

    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(session())
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_comes_back_by_another_name_even_if_the_old_one_was_free_just_in_time():
    async def replug() -> tuple[str, str]:
        session = Session(build(BoardOptions("bm1370")))
        session.open()
        before = session.names[""]
        driver = os.open(before, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        session._unplug(1.0)
        os.close(driver)  # until now the system could not give its number out again
        session._plug_in()
        after = session.names[""]
        session.close()
        return before, after

    before, after = asyncio.run(replug())
    assert before != after
