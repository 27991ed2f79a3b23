import pytest

from stampmill.bench.host import conditions
from stampmill.bench.host.conditions import Conditions

CPU = "devices/system/cpu/cpu1"
BEFORE = {
    f"{CPU}/cpufreq/scaling_cur_freq": "4300000\n",
    f"{CPU}/thermal_throttle/core_throttle_count": "2\n",
    f"{CPU}/thermal_throttle/package_throttle_count": "3\n",
    "class/thermal/thermal_zone0/temp": "41000\n",
    "class/thermal/thermal_zone1/temp": "55500\n",
    "class/power_supply/BAT0/type": "Battery\n",
    "class/power_supply/AC/type": "Mains\n",
    "class/power_supply/AC/online": "0\n",
}
STAT = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 1 1 1 1 1 1 1 0 0\ncpu1 10 20 30 40 0 0 0 25 0 0\n"


@pytest.fixture
def system(tmp_path):
    for name, text in {**BEFORE, "stat": STAT}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_what_the_system_shows_is_read(system):
    assert conditions.read(1, system, system) == Conditions(4300.0, 55.5, 5, True, 25, 125)


def test_on_mains_a_battery_does_not_matter(system):
    (system / "class/power_supply/AC/online").write_text("1\n")
    assert conditions.read(1, system, system).on_battery is False


def test_a_system_that_shows_nothing_leaves_no_doubt(tmp_path):
    nothing = conditions.read(0, tmp_path, tmp_path)
    assert nothing == Conditions()
    assert list(conditions.doubts(nothing, nothing)) == []


def test_a_falling_clock_is_doubted_where_nothing_counts_heat():
    fast, slow = Conditions(megahertz=4000.0), Conditions(megahertz=3000.0)
    assert list(conditions.doubts(fast, slow)) == ["the clock fell from 4000 to 3000 MHz"]
    assert list(conditions.doubts(fast, fast)) == []


def test_this_machine_can_be_read():
    assert isinstance(conditions.read(0), Conditions)
