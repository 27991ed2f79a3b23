import pytest

from stampmill.core.energy.meters import heat, supply


@pytest.fixture
def machine(tmp_path):
    def add(place, **files):
        folder = tmp_path / place
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(f"{text}\n")

    return tmp_path, add


LINE = {"type": "Mains", "online": 1}
NO_LINE = {"type": "Mains", "online": 0}
FULL, USED, FILLED = (
    {"type": "Battery", "status": status} for status in ("Full", "Discharging", "Charging")
)
MOUSE = {"type": "Battery", "status": "Discharging", "scope": "Device"}


@pytest.mark.parametrize(
    ("supplies", "on_battery"),
    [
        ([LINE], False),
        ([LINE, FILLED], False),
        ([LINE, USED], False),
        ([NO_LINE, USED], True),
        ([NO_LINE, {"type": "USB", "online": 1}, FILLED], False),
        ([NO_LINE, FULL], False),
        ([USED], True),
        ([FULL, USED], True),
        ([NO_LINE], True),
        ([LINE, MOUSE], False),
        ([MOUSE], None),
        ([], None),
        ([{"type": "UPS"}], None),
    ],
)
def test_a_machine_is_on_its_battery_when_no_line_feeds_it(machine, supplies, on_battery):
    folder, add = machine
    for number, files in enumerate(supplies):
        add(f"S{number}", **files)
    read = supply.read(folder)
    assert read.on_battery is on_battery
    assert bool(read.why_not) is (on_battery is None)


def test_a_state_that_cannot_be_read_is_named(machine):
    folder, add = machine
    add("BAT0", type="Battery")
    assert supply.read(folder).why_not == f"{folder}/BAT0: No such file or directory"
    assert supply.read(folder / "none").why_not == f"{folder}/none: No such file or directory"


def test_the_hottest_reading_of_the_cpu_counts(machine):
    folder, add = machine
    assert heat.read(folder, folder) is None
    add("hwmon0", name="k10temp", temp1_input=61_250, temp3_input=58_000)
    add("hwmon1", name="nvme", temp1_input=99_000)
    add("thermal_zone0", type="x86_pkg_temp", temp=62_500)
    add("thermal_zone1", type="battery", temp=90_000)
    add("hwmon2", name="coretemp", temp1_input="broken")
    assert heat.read(folder, folder) == 62.5
