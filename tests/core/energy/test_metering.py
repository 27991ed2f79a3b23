"""Joules of what meters say, and whose they are: nothing lost, nothing counted twice."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.opencl.nvml import Draw
from stampmill.core.energy.metering import Gathered, Metering
from stampmill.core.energy.power import Configured, parse_power
from stampmill.core.errors import UsageError
from stampmill.core.snapshot import Quantity, Sensor
from tests.core.snapshots import DEVICE, snapshot

CPU = [replace(DEVICE, name=f"cpu{index}") for index in range(2)]
BOARD = replace(
    DEVICE,
    name="/dev/ttyACM0",
    backend="asic",
    sensors=(Sensor(Quantity.POWER, "core", 15.0), Sensor(Quantity.POWER, "fan", 1.0)),
)
MUTE = replace(BOARD, name="/dev/ttyACM1", sensors=())
CARD = replace(DEVICE, name="opencl:0", backend="opencl")


def packages(joules, size=1000.0):
    return Gathered(packages={"intel-rapl:0": (joules, size)})


class Spent:
    """A metering with what it entered."""

    def __init__(self, *power):
        self.metering = Metering(parse_power(power))
        self.joules = Counter()
        self.hashes = Counter()

    def step(self, now, devices, gathered=Gathered(), **shot):  # noqa: B008  is frozen
        self.metering.step(snapshot(devices=tuple(devices), **shot), gathered, now, self.enter)

    def enter(self, label, joules, hashes):
        assert joules >= 0
        assert hashes >= 0
        self.joules[label] += joules
        self.hashes[label] += hashes

    @property
    def drawn(self):
        return [(each.device, each.watts, each.origin) for each in self.metering.drawn()]


def test_the_threads_of_a_cpu_share_what_its_packages_count():
    spent = Spent()
    spent.step(0, CPU, packages(100))
    assert spent.drawn == []
    spent.step(2, [replace(each, hashes=each.hashes + 50) for each in CPU], packages(230))
    assert spent.drawn == [("cpu", 65.0, "rapl")]
    assert (spent.joules, spent.hashes) == ({"cpu": 130}, {"cpu": 100})


def test_each_kind_of_meter_tells_of_its_own_devices():
    spent = Spent()
    gathered = replace(packages(0), cards={"opencl:0": Draw(5000.0, 250.0, 60.0)})
    later = replace(packages(650), cards={"opencl:0": Draw(7400.0, 240.0, 60.0)})
    spent.step(0, [*CPU, BOARD, MUTE, CARD], gathered)
    spent.step(10, [*CPU, BOARD, MUTE, CARD], later)
    assert spent.drawn == [
        ("/dev/ttyACM0", 16.0, "board"),
        ("opencl:0", 240.0, "nvml"),
        ("cpu", 65.0, "rapl"),
    ]
    assert spent.joules == {"cpu": 650, "/dev/ttyACM0": 160, "opencl:0": 2400}


def test_a_card_that_tells_watts_alone_or_nothing():
    spent = Spent()
    for now in (0, 10):
        spent.step(now, [CARD], Gathered(cards={"opencl:0": Draw(None, 100.0, None)}))
    assert spent.joules == {"opencl:0": 1000}
    spent.step(20, [CARD], Gathered(cards={"opencl:0": Draw(None, None, 50.0)}))
    assert spent.drawn == []


def test_an_opencl_device_that_is_the_cpu_counts_with_its_packages():
    spent = Spent()
    for now in (0, 1):
        spent.step(now, [CARD], replace(packages(65 * now), on_cpu=frozenset({"opencl:0"})))
    assert spent.drawn == [("opencl", 65.0, "rapl")]


def test_the_word_of_the_owner_goes_before_every_meter():
    spent = Spent("cpu=90/10", "asic:/dev/ttyACM0=18", "asic=5")
    devices = [*CPU, BOARD, MUTE]
    for now in (0, 10):
        spent.step(now, devices, packages(now))
    assert spent.joules == {"cpu": 900, "/dev/ttyACM0": 180, "asic": 50}
    assert {origin for _, _, origin in spent.drawn} == {"configured"}
    spent.step(20, devices, packages(20), paused="me")
    spent.step(30, devices, packages(30), paused="me")
    assert spent.joules["cpu"] == 900 + 500 + 100, "half the change lies on each side"


@pytest.mark.parametrize(
    "rest", [{"paused": "me"}, {"job": None}, {"devices": (replace(DEVICE, held=True),)}]
)
def test_who_rests_draws_what_it_draws_at_rest(rest):
    metering = Metering([Configured("cpu", 60.0, 7.0)])
    metering.step(snapshot(**rest), Gathered(), 0, lambda *_: None)
    assert [each.watts for each in metering.drawn()] == [7.0]


def test_a_device_that_is_gone_draws_nothing_and_its_gap_is_nobodys():
    spent = Spent("cpu=60/5")
    gone = [replace(each, alive=False) for each in (*CPU, BOARD)]
    for now, devices in ((0, [*CPU, BOARD]), (10, [*CPU, BOARD]), (11, gone), (1000, gone)):
        spent.step(now, devices)
    spent.step(2000, [*CPU, BOARD])
    spent.step(2010, [*CPU, BOARD])
    assert spent.joules["/dev/ttyACM0"] == 320
    assert spent.joules["cpu"] == 600 + 30 + 0 + 30 * 1000 + 600


def test_a_counter_that_cannot_be_read_for_a_while_loses_nothing():
    spent = Spent()
    for now, gathered in enumerate((packages(0), Gathered(), Gathered(), packages(300))):
        spent.step(now, CPU, gathered)
    assert spent.joules == {"cpu": 300}


steps = st.lists(st.tuples(st.floats(-100, 1000), st.integers(0, 999), st.booleans()), max_size=40)


@given(steps)
def test_no_joule_of_a_counter_is_lost_in_gaps_wraps_and_jumps_of_the_clock(course):
    spent, now, total, unread = Spent(), 0.0, 0, 0
    spent.step(now, CPU, packages(0.0))
    for seconds, drawn, is_read in course:
        now += seconds
        # A counter that goes round twice unseen tells nobody.
        joules = drawn if unread + drawn < 1000 else 0
        total += joules
        unread = 0 if is_read else unread + joules
        spent.step(now, CPU, packages(float(total % 1000)) if is_read else Gathered())
    spent.step(now, CPU, packages(float(total % 1000)))
    assert spent.joules["cpu"] == total


@given(st.lists(st.floats(0.01, 1e4), max_size=40))
def test_no_joule_of_a_constant_power_is_lost_however_rarely_it_is_read(pauses):
    spent, now = Spent("cpu=50"), 0.0
    spent.step(now, CPU)
    for pause in pauses:
        now += pause
        spent.step(now, CPU)
    assert spent.joules["cpu"] == pytest.approx(50 * now)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cpu=-5", "watts are from 0 on"),
        ("cpu=nan", "watts are from 0 on"),
        ("cpu=inf", "watts are from 0 on"),
        ("cpu=65/-1", "watts are from 0 on"),
        ("cpu", "write DEVICE=WATTS"),
        ("=65", "write DEVICE=WATTS"),
        ("cpu=much", "write DEVICE=WATTS"),
        ("cpu=1/2/3", "write DEVICE=WATTS"),
    ],
)
def test_power_that_cannot_be_is_named(text, why):
    with pytest.raises(UsageError, match=why) as error:
        parse_power([text])
    assert f"power '{text}'" in str(error.value)


def test_one_device_has_one_power():
    with pytest.raises(UsageError, match="'cpu' is said 2 times"):
        parse_power(["cpu=5", "cpu=6"])
    assert parse_power(["asic:socket://h:1=9.5"]) == (Configured("asic:socket://h:1", 9.5),)
