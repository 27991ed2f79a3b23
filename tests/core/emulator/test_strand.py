import asyncio
import time

import pytest

from stampmill.core.emulator.strand import Strand
from stampmill.core.emulator.virtual_time import run


def test_pauses_of_a_strand_are_those_of_the_loop():
    async def main() -> list[tuple[str, float]]:
        seen: list[tuple[str, float]] = []
        loop = asyncio.get_running_loop()
        begun = loop.time()

        def blocking() -> None:
            for _ in range(3):
                strand.sleep(100.0)
                seen.append(("strand", strand.now - begun))

        strand = Strand(blocking)
        strand.start()
        await asyncio.sleep(150.0)
        seen.append(("loop", loop.time() - begun))
        await strand.ended.wait()
        return seen

    begun = time.monotonic()
    seen = run(main())
    assert [who for who, _ in seen] == ["strand", "loop", "strand", "strand"]
    assert [at for _, at in seen] == pytest.approx([100.0, 150.0, 200.0, 300.0])
    assert time.monotonic() - begun < 30


def test_a_strand_is_woken_before_its_time_and_asks_the_loop_to_do_things():
    async def main() -> tuple[float, object, str]:
        said: list[object] = []

        def blocking() -> None:
            strand.wait(1e6)
            said.append(strand.now)
            said.append(strand.call(asyncio.get_running_loop))
            try:
                strand.call(lambda: 1 / 0)
            except ZeroDivisionError as error:
                said.append(str(error))

        strand = Strand(blocking)
        strand.start()
        await asyncio.sleep(5.0)
        strand.wake()
        await strand.ended.wait()
        assert said[1] is asyncio.get_running_loop()
        return said[0], said[1], said[2]

    now, _, error = run(main())
    assert now == pytest.approx(1005.0)
    assert error == "division by zero"


def test_one_that_waits_for_ever_is_ended_and_may_clean_up():
    async def main() -> list[str]:
        seen: list[str] = []

        def blocking() -> None:
            try:
                strand.wait(1e9)
            finally:
                seen.append("cleaned up")

        strand = Strand(blocking)
        strand.start()
        strand.end()
        strand.end()
        strand.wake()
        await strand.ended.wait()
        return seen

    assert run(main()) == ["cleaned up"]
