import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from stampmill.core.backends.asic.link.discovery import FoundBoard, Machine, find_boards
from stampmill.core.backends.base import Backend, BackendError
from stampmill.core.cli.hotplug import Hotplug, joining
from stampmill.core.errors import NoDeviceError
from stampmill.core.miner import Miner
from tests.core.backends.asic.link.sysfs import Tree, plug_bitaxe
from tests.core.fakes import BreakingBackend, MemoryBackend, turn
from tests.core.running import a_source


class Bench:
    """A miner that mines on board b1, and a machine into which others can be plugged."""

    def __init__(self, folder: Path) -> None:
        self.tree = Tree(folder)
        self.told: list[str] = []
        self.made: dict[str, MemoryBackend] = {}
        self.unable: set[str] = set()
        self.allowed = True
        self.breaking = False
        first = MemoryBackend("b1")
        self.miner = Miner(a_source(), [first])
        self.hotplug = Hotplug(self.miner, {"b1": first}, self._make, self.told.append, self._find)
        plug_bitaxe(self.tree, "1-1", "ttyACM0", "ttyACM1", "b1")

    def run(self, *steps: Callable[[], None]) -> list[str]:
        """Mine, do each step and look after it; return the backends of the end by name."""
        return asyncio.run(self._run(steps))

    async def _run(self, steps: tuple[Callable[[], None], ...]) -> list[str]:
        running = asyncio.create_task(self.miner.run(60))
        try:
            await self.hotplug.look()
            while not self.miner.backends:
                await turn()
            for step in steps:
                step()
                await self.hotplug.look()
                for _ in range(20):
                    await turn()
            return [backend.name for backend in self.miner.backends]
        finally:
            self.miner.stop()
            await running

    def plug(self) -> None:
        plug_bitaxe(self.tree, "1-2", "ttyACM2", "ttyACM3", "b2")

    def unplug(self) -> None:
        self.tree.unplug("1-2")

    def _make(self, name: str) -> Backend:
        broken = BreakingBackend(name, BackendError("unplugged for too long"))
        self.made[name] = broken if self.breaking else MemoryBackend(name)
        if name in self.unable:
            self.made[name].fails_to_open = NoDeviceError("no chip answers")
        return self.made[name]

    def _find(self) -> tuple[FoundBoard, ...]:
        here = Machine(
            self.tree.root,
            may_use=lambda path: self.allowed,
            has_extra=lambda: True,
            holders=lambda path: (),
        )
        return find_boards(here)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def nothing() -> None:
    pass


def test_a_board_that_the_run_began_with_does_not_join_again(bench: Bench) -> None:
    assert bench.run(nothing, nothing) == ["b1"]
    assert bench.told == []


def test_a_board_that_is_plugged_in_joins_once(bench: Bench) -> None:
    assert bench.run(bench.plug, nothing) == ["b1", "b2"]
    assert bench.told == [f"{bench.tree.path('ttyACM3')} has joined: Bitaxe with bitaxe-raw"]


def test_a_board_joins_when_nothing_is_missing_any_more(bench: Bench) -> None:
    def permit() -> None:
        bench.allowed = True

    bench.allowed = False
    assert bench.run(bench.plug, nothing, permit) == ["b1", "b2"]
    assert len(bench.told) == 1


def test_a_board_that_cannot_join_is_told_of_once_until_it_is_plugged_again(bench: Bench) -> None:
    def heal() -> None:
        bench.unplug()
        bench.unable.clear()

    bench.unable.add("b2")
    assert bench.run(bench.plug, nothing, heal, bench.plug) == ["b1", "b2"]
    port = bench.tree.path("ttyACM3")
    assert bench.told[0] == f"{port} cannot join: no chip answers"
    assert len(bench.told) == 2


def test_a_board_that_was_given_up_may_join_again(bench: Bench) -> None:
    bench.breaking = True

    def mend() -> None:
        assert [backend.name for backend in bench.miner.backends] == ["b1"]
        bench.breaking = False

    assert bench.run(bench.plug, mend, nothing) == ["b1", "b2"]
    assert len(bench.told) == 2


def test_looking_ends_with_the_run(bench: Bench) -> None:
    async def session() -> None:
        async with joining(bench.hotplug), joining(None):
            await turn()

    asyncio.run(session())
