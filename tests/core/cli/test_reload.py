from dataclasses import replace

import pytest

from stampmill.core.cli.reload import Reloader
from stampmill.core.errors import UsageError
from stampmill.core.operate.desk import Desk
from stampmill.core.settings import MineSettings, PoolSettings, SurfaceSettings
from tests.core.operate.desks import Rig

A, B = PoolSettings("a:1", "me"), PoolSettings("b:2", "me")
OLD = MineSettings(pools=(A, B), threads=2)


class Reloading:
    """A reloader, what its file says now, and what came of it."""

    def __init__(self):
        self.rig = Rig()
        self.file = OLD
        self.told = []
        self.recorded = []
        self.allowed = []
        self.reload = self.reloader(self.rig.desk)

    def reloader(self, desk):
        return Reloader(
            OLD,
            self.read,
            desk,
            tell=lambda text, warning: self.told.append((text, warning)),
            record=lambda **fields: self.recorded.append(fields),
            apply={"surfaces.api-allow": lambda new: self.allowed.append(new.surfaces.api_allow)},
        )

    def read(self):
        if isinstance(self.file, Exception):
            raise self.file
        return self.file


@pytest.fixture
def it():
    return Reloading()


def test_other_pools_are_gone_to_once(it):
    it.file = replace(OLD, pools=(B, A))
    it.reload()
    it.reload()
    it.file = OLD
    it.reload()
    assert it.rig.run.told == [("pools", "b:2", "a:1"), ("pools", "a:1", "b:2")]
    assert [text for text, _ in it.told] == [
        "configuration reloaded: pool order",
        "configuration reloaded: nothing changed",
        "configuration reloaded: pool order",
    ]
    assert it.rig.recorded[0] == {"who": "SIGHUP", "what": "pools", "changes": ["pool order"]}


def test_what_can_be_changed_is_and_what_changed_is_told(it):
    it.file = replace(
        OLD, threads=4, intensity="dedicated", surfaces=SurfaceSettings(api_allow="W:10.0.0.1")
    )
    it.reload()
    it.reload()
    assert it.rig.run.told == [("intensity", "dedicated", None), ("threads", 4, None)]
    assert it.allowed == ["W:10.0.0.1"]
    applied = [
        "intensity was unset, is dedicated",
        "threads was 2, is 4",
        "surfaces.api-allow was unset, is W:10.0.0.1",
    ]
    assert it.told == [
        (f"configuration reloaded: {'; '.join(applied)}", False),
        ("configuration reloaded: nothing changed", False),
    ]
    assert it.recorded == [{"applied": applied, "later": []}, {"applied": [], "later": []}]


def test_what_waits_for_the_next_start_is_named_each_time(it):
    it.file = replace(OLD, kernel="avx2")
    for _ in range(2):
        it.reload()
    text = "configuration reloaded: from the next start on: kernel was unset, is avx2"
    assert it.told == [(text, True)] * 2
    assert it.recorded == [{"applied": [], "later": ["kernel was unset, is avx2"]}] * 2


def test_both_at_once(it):
    it.rig.run.nodes_differ = True
    it.file = replace(OLD, threads=4, kernel="avx2", pools=(B, A))
    it.reload()
    assert it.recorded == [
        {
            "applied": ["pool order", "threads was 2, is 4"],
            "later": ["nodes changed", "kernel was unset, is avx2"],
        }
    ]


def test_what_a_run_has_no_place_for_waits_with_its_reason(it):
    it.file = replace(OLD, threads=4, pools=(B,))
    it.reloader(Desk(it.rig.run))()
    text, warning = it.told[0]
    assert warning
    assert "pools: this run has no pools of yours" in text
    assert "threads was 2, is 4 (the devices of this run cannot be set otherwise)" in text


def test_wrong_settings_change_nothing_and_are_told(it):
    it.file = UsageError("config.toml: threads 'x': expected int")
    it.reload()
    assert it.rig.run.told == []
    assert it.told == [("configuration not reloaded: config.toml: threads 'x': expected int", True)]
    assert it.recorded[0]["error"] == "config.toml: threads 'x': expected int"
