from dataclasses import replace

import pytest

from stampmill.core.cli.reload import Reloader
from stampmill.core.errors import UsageError
from stampmill.core.settings import MineSettings, PoolSettings
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
        self.reload = Reloader(
            OLD,
            self.read,
            self.rig.desk,
            tell=lambda text, warning: self.told.append((text, warning)),
            record=lambda **fields: self.recorded.append(fields),
        )

    def read(self):
        if isinstance(self.file, Exception):
            raise self.file
        return self.file


@pytest.fixture
def it():
    return Reloading()


def test_a_new_order_is_applied_and_so_is_the_old_one_again(it):
    it.file = replace(OLD, pools=(B, A))
    it.reload()
    it.reload()
    it.file = OLD
    it.reload()
    assert it.rig.run.told == [("reorder", 1, 0), ("reorder", 0, 1)]
    assert [text for text, _ in it.told] == [
        "configuration reloaded: pool order changed",
        "configuration reloaded: nothing changed",
        "configuration reloaded: pool order changed",
    ]
    assert it.rig.recorded[0] == {"who": "SIGHUP", "what": "pool order", "pools": [1, 0]}


def test_what_waits_for_the_next_start_is_named_each_time(it):
    it.file = replace(OLD, threads=4)
    for _ in range(2):
        it.reload()
    text = "configuration reloaded: from the next start on: threads was 2, is 4"
    assert it.told == [(text, True)] * 2
    assert it.recorded == [{"applied": [], "later": ["threads was 2, is 4"]}] * 2


def test_both_at_once(it):
    it.file = replace(OLD, threads=4, pools=(B, A))
    it.reload()
    assert it.rig.run.told == [("reorder", 1, 0)]
    assert it.recorded == [{"applied": ["pool order"], "later": ["threads was 2, is 4"]}]


def test_wrong_settings_change_nothing_and_are_told(it):
    it.file = UsageError("config.toml: threads 'x': expected int")
    it.reload()
    assert it.rig.run.told == []
    assert it.told == [("configuration not reloaded: config.toml: threads 'x': expected int", True)]
    assert it.recorded[0]["error"] == "config.toml: threads 'x': expected int"
