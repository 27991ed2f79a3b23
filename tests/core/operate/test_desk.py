import pytest

from stampmill.core.errors import UsageError
from stampmill.core.operate.controls import RefusedError
from stampmill.core.operate.desk import FRESH_SECONDS, Desk
from stampmill.core.settings import PoolSettings
from tests.core.snapshots import DEVICE

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
    rig = Rig(devices=(DEVICE, DEVICE))
    with pytest.raises(RefusedError, match="more devices"):
        rig.desk.enable_device(1, "me", wanted=False)
    with pytest.raises(RefusedError, match="no device 2: they are 0 to 1"):
        rig.desk.enable_device(2, "me", wanted=False)
    with pytest.raises(UsageError):
        rig.desk.reorder_pools([0, 1, 2], "me")
    with pytest.raises(RefusedError, match="no pools of yours"):
        Desk(rig.run).reorder_pools([0], "me")
    with pytest.raises(RefusedError, match="otherwise"):
        Desk(rig.run).set_threads(2, "me")
    assert rig.recorded == []


def test_pools_and_tuning_are_recorded_without_a_secret() -> None:
    rig = Rig()
    assert rig.desk.add_pool(PoolSettings("b:2", "me", "s3cret"), "me") == 1
    rig.desk.remove_pool(1, "me")
    rig.desk.set_quota(0, 3, "me")
    rig.desk.wish(0, 8.0, None, "me")
    rig.desk.set_threads(2, "me", 0)
    rig.desk.set_intensity("dedicated", "me")
    rig.desk.reload_pools([], [PoolSettings("a:1"), PoolSettings("b:2")], "me")
    rig.desk.reload_pools([], [], "me")
    assert rig.recorded == [
        {"who": "me", "what": "add pool", "pool": 1, "url": "b:2"},
        {"who": "me", "what": "remove pool", "pool": 1, "url": "b:2"},
        {"who": "me", "what": "pool quota", "pool": 0, "quota": 3},
        {"who": "me", "what": "pool difficulty", "pool": 0, "suggest": 8.0, "minimum": None},
        {"who": "me", "what": "threads", "threads": 2, "device": 0},
        {"who": "me", "what": "intensity", "intensity": "dedicated", "device": None},
        {"who": "me", "what": "pools", "changes": ["pool order"]},
    ]
