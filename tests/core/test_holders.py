"""Operator and rules each have a pause of their own: neither ends the other's."""

import pytest

from stampmill.core.events import Notice
from stampmill.core.scheduler import Holder

from .fakes import MemoryBackend
from .running import Run, a_source, some_accepted
from .scheduling import Bench

OPERATOR, POLICY = Holder.OPERATOR, Holder.POLICY


@pytest.mark.parametrize(
    ("first", "second"),
    [(OPERATOR, POLICY), (POLICY, OPERATOR)],
    ids=["operator first", "rules first"],
)
@pytest.mark.parametrize("ended", [OPERATOR, POLICY], ids=lambda holder: holder.value)
def test_the_run_goes_on_when_the_last_pause_ends(
    first: Holder, second: Holder, ended: Holder
) -> None:
    bench = Bench()
    bench.job()
    bench.scheduler.pause("one", first)
    bench.scheduler.pause("two", second)
    assert bench.scheduler.paused == "one, two"
    left = POLICY if ended is OPERATOR else OPERATOR
    for _ in range(2):
        bench.scheduler.resume(ended)
    bench.job()
    assert bench.backends[0].calls == ["replace", "idle"]
    bench.scheduler.resume(left)
    assert bench.backends[0].calls == ["replace", "idle", "replace"]
    assert bench.scheduler.paused == ""


def test_an_operator_is_told_that_the_rules_still_hold_the_run() -> None:
    bench = Bench()
    bench.job()
    bench.scheduler.pause("the rules", POLICY)
    bench.scheduler.resume()
    assert [notice.text for notice in bench.told(Notice)] == ["mining stays paused by the rules"]


def test_the_rules_may_give_a_new_reason_for_the_same_pause() -> None:
    bench = Bench()
    bench.job()
    bench.scheduler.pause("price", POLICY)
    bench.scheduler.pause("battery", POLICY)
    assert bench.scheduler.paused == "battery"
    bench.scheduler.resume(POLICY)
    assert bench.backends[0].calls == ["replace", "idle", "replace"]


def test_a_device_rests_while_the_operator_or_the_rules_want_it_to() -> None:
    bench = Bench(MemoryBackend("a"), MemoryBackend("b"))
    first, second = bench.backends
    bench.job()
    bench.scheduler.hold([first])
    bench.scheduler.enable(first, wanted=False)
    bench.scheduler.hold([])
    assert first.calls == ["replace", "idle"]
    bench.scheduler.hold([first])
    bench.scheduler.enable(first, wanted=True)
    bench.job()
    assert first.calls == ["replace", "idle"]
    bench.scheduler.hold([])
    assert first.calls == ["replace", "idle", "replace"]
    assert second.calls == ["replace"] * 2


def test_a_rest_is_no_slow_change_of_jobs() -> None:
    bench = Bench()
    bench.job()
    backend = bench.backends[0]
    assert backend.feed is not None
    assert backend.feed.received_at == 1000.0
    bench.scheduler.hold([backend])
    bench.clock.now = 1007.0
    bench.scheduler.hold([])
    assert backend.feed is not None
    assert backend.feed.received_at == 1007.0


def test_a_held_device_says_so_and_a_device_that_is_gone_is_no_trouble() -> None:
    boards = [MemoryBackend("board"), MemoryBackend("board")]
    run = Run(a_source(), *boards)

    def held(shot: object) -> bool:
        if some_accepted(run.miner.snapshot()):
            run.miner._sample()
            run.miner.hold([1, 7])
            return True
        return False

    shot = run.until(held)
    assert [(device.enabled, device.held) for device in shot.devices] == [
        (True, False),
        (True, True),
    ]
    assert boards[1].calls == ["open", "replace", "idle", "close"]
