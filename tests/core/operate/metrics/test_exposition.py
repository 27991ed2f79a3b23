"""The text of metrics, against prometheus-client's own."""

import asyncio
from dataclasses import replace

import pytest

pytest.importorskip("prometheus_client", reason="the extra 'metrics' is not installed")

from prometheus_client import CollectorRegistry, generate_latest

from stampmill.core.operate.metrics import collector, exposition
from stampmill.core.operate.metrics.exposition import Exposition
from stampmill.core.snapshot import Alert, AlertKind, Snapshot
from tests.core.operate.cgminer.questions import world
from tests.core.snapshots import DEVICE


def crowded() -> Snapshot:
    """Return a snapshot with much in it, and names that need care."""
    alert = Alert(AlertKind.TEMPERATURE, 'a\\b"c\nd, é', "", 1.0)
    devices = tuple(replace(DEVICE, name=f"cpu{n}", hashes=10**n) for n in range(30))
    return replace(world().run.shot, alerts=(alert,), devices=devices)


def test_it_is_what_prometheus_client_writes() -> None:
    shot = crowded()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector.SnapshotCollector(lambda: shot, "1.0"))
    assert collector.render(shot, "1.0") == generate_latest(registry)


def test_many_who_ask_at_once_get_one_text() -> None:
    made: list[Snapshot] = []

    def collect(shot: Snapshot):
        made.append(shot)
        return collector.families(shot, "1.0")

    async def ask() -> None:
        shown = Exposition(collect)
        bodies = await asyncio.gather(*(shown.of(first) for _ in range(5)))
        assert set(bodies) == {collector.render(first, "1.0")}
        assert await shown.of(second) == collector.render(second, "1.0")

    first, second = crowded(), world().run.shot
    asyncio.run(ask())
    assert made == [first, second]


def test_others_have_their_turn_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "AT_ONCE", 0.0)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def ask() -> None:
        counting = asyncio.create_task(count())
        await Exposition(lambda shot: collector.families(shot, "1.0")).of(crowded())
        counting.cancel()

    asyncio.run(ask())
    assert turns > 20
