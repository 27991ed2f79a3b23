import pytest

from stampmill.core.errors import UsageError
from stampmill.core.operate.desk import FRESH_SECONDS, Desk, RefusedError

from .desks import Rig


def test_many_readers_share_a_snapshot_while_it_is_fresh() -> None:
    rig = Rig()
    assert rig.desk.snapshot() is rig.desk.snapshot()
    rig.now += FRESH_SECONDS / 2
    rig.desk.snapshot()
    assert rig.run.taken == 1
    rig.now += FRESH_SECONDS
    rig.desk.snapshot()
    assert rig.run.taken == 2


def test_a_change_is_seen_at_once() -> None:
    rig = Rig()
    rig.desk.snapshot()
    rig.desk.pause("me")
    rig.desk.snapshot()
    assert rig.run.taken == 2


def test_each_change_is_done_and_recorded_with_who_asked() -> None:
    rig = Rig()
    rig.desk.pause("me")
    rig.desk.resume("you")
    rig.desk.reorder_pools([1, 0], "me")
    rig.desk.enable_pool(1, "me", wanted=False)
    rig.desk.enable_device(0, "me", wanted=True)
    rig.desk.quit("you")
    assert rig.run.told == [
        ("pause", "me"), "resume", ("reorder", 1, 0), ("enable", 1, False), ("enable", 0, True),
        "stop",
    ]  # fmt: skip
    assert rig.recorded == [
        {"who": "me", "what": "pause"},
        {"who": "you", "what": "resume"},
        {"who": "me", "what": "pool order", "pools": [1, 0]},
        {"who": "me", "what": "disable pool", "pool": 1},
        {"who": "me", "what": "enable device", "device": 0},
        {"who": "you", "what": "quit"},
    ]


def test_what_is_refused_is_not_recorded_as_done() -> None:
    rig = Rig()
    with pytest.raises(RefusedError, match="more devices"):
        rig.desk.enable_device(1, "me", wanted=False)
    with pytest.raises(UsageError):
        rig.desk.reorder_pools([0, 1, 2], "me")
    with pytest.raises(RefusedError, match="one pool only"):
        Desk(rig.run).reorder_pools([0], "me")
    assert rig.recorded == []
