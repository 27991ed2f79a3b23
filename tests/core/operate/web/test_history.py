import json
import math
import sys
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.operate.web.history import MAX_DEVICES, TIERS, History
from stampmill.core.snapshot import Rates, Snapshot
from tests.core.snapshots import DEVICE, snapshot


def at(seconds: float, *rates: float, total: float | None = None) -> Snapshot:
    """Return a snapshot with a device for each rate."""
    devices = tuple(
        replace(DEVICE, name=f"cpu{place}", rates=Rates(rate, 0, 0, 0, 0))
        for place, rate in enumerate(rates)
    )
    whole = sum(rates) if total is None else total
    return snapshot(seconds=seconds, devices=devices, rates=Rates(whole, 0, 0, 0, 0))


def told(history: History) -> Any:
    """Return what a page is told."""
    return json.loads(msgspec.json.encode(history.to_json()))


def test_a_sample_is_seen_at_once() -> None:
    history = History()
    history.add(at(0.2, 5, 6))
    rows = [[0.2, 11, 5, 6]]
    assert history.to_json() == {"devices": ["cpu0", "cpu1"], "others": 0, "rows": rows}


def test_nothing_is_known_before_the_first_sample() -> None:
    assert History().to_json() == {"devices": [], "others": 0, "rows": []}


def test_the_time_until_devices_are_open_is_no_part_of_the_run() -> None:
    history = History()
    history.add(at(2.0))
    history.add(at(0.5, 7))
    assert history.to_json()["rows"] == [[0.5, 7, 7]]


def test_the_older_the_coarser_and_nothing_twice() -> None:
    history = History(((1.0, 5), (10.0, 3)))
    for second in range(60):
        history.add(at(second, second))
    rows = history.to_json()["rows"]
    # Five whole seconds and the one that is not over; before them tens, each the mean of its ten.
    assert [row[0] for row in rows] == [29, 39, 49, 54, 55, 56, 57, 58, 59]
    assert [row[1] for row in rows[:3]] == [round(24.5), round(34.5), round(44.5)]


def test_samples_that_come_late_or_early_are_points_of_their_own_second() -> None:
    history = History(((1.0, 10),))
    for moment in (0.1, 1.05, 1.99, 3.5):
        history.add(at(moment, moment * 100))
    assert [row[:2] for row in history.to_json()["rows"]] == [[0.1, 10], [1.99, 152], [3.5, 350]]


def test_a_device_that_joined_has_no_past_and_one_that_went_no_present() -> None:
    history = History(((1.0, 10),))
    history.add(at(0, 1))
    history.add(at(1, 1, 2))
    history.add(at(2, 1))
    rows = told(history)["rows"]
    assert [row[2:] for row in rows] == [[1], [1, 2], [1, None]]


def test_what_is_no_number_is_null() -> None:
    history = History()
    history.add(at(0, math.nan, math.inf))
    history.add(at(1, 5, 5, total=math.inf))
    assert told(history)["rows"] == [[0, None, None, None], [1, None, 5, 5]]


def test_devices_beyond_the_first_are_in_the_total_alone() -> None:
    history = History()
    history.add(at(0, *[1.0] * (MAX_DEVICES + 3)))
    shown = history.to_json()
    ((_, total, *each),) = shown["rows"]
    assert (len(each), len(shown["devices"]), shown["others"]) == (MAX_DEVICES, MAX_DEVICES, 3)
    assert total == MAX_DEVICES + 3


def test_memory_is_bounded_however_long_the_run() -> None:
    history = History()
    for step in range(800):
        history.add(at(step * 121.0, *[1.0] * MAX_DEVICES))
    points = [point for tier in history._tiers for point in tier.points()]
    assert len(points) <= sum(size + 1 for _, size in TIERS)
    assert sum(map(sys.getsizeof, points)) < 600_000


@given(st.lists(st.floats(0.01, 500), max_size=60))
def test_moments_only_go_up(pauses: list[float]) -> None:
    history, now = History(((1.0, 4), (10.0, 3), (60.0, 2))), 0.0
    for pause in pauses:
        now += pause
        history.add(at(now, 1))
    moments = [row[0] for row in history.to_json()["rows"]]
    assert moments == sorted(moments)
    assert not moments or moments[-1] == now
