"""Energy and rules in words and in the report."""

import json
from dataclasses import replace

from stampmill.core.cli import report
from stampmill.core.cli.energy_lines import energy_json, energy_line, per_terahash, rules_line
from stampmill.core.operate import transfer
from stampmill.core.snapshot import (
    DevicePolicy,
    DevicePower,
    EnergySnapshot,
    EnergyTotal,
    PolicyAction,
    PolicySnapshot,
)
from tests.core.snapshots import snapshot

ENERGY = EnergySnapshot(
    (DevicePower("cpu", 65.0, "rapl", 720_000.0, 2.13e-11),),
    65.0, 720_000.0, 2.13e-11, 0.31, 0.062, "EUR", 0.0,
    EnergyTotal(3_600_000.0, 0.31), EnergyTotal(7_200_000.0, 0.62),
)  # fmt: skip
THROTTLED = PolicySnapshot(
    PolicyAction.THROTTLE, "hours", "outside mine-hours 22:00-06:00", 0.0, 0.3,
    (DevicePolicy("opencl:0", PolicyAction.PAUSE, "heat", "91 C, the limit is 90"),),
)  # fmt: skip


def test_a_line_tells_power_efficiency_energy_and_cost():
    assert energy_line(snapshot(energy=ENERGY)) == (
        "65.0 W, 21.3 J/TH, 0.2 kWh for 0.062 EUR, 1 kWh for 0.31 EUR today"
    )


def test_what_is_not_known_is_left_out():
    assert energy_line(snapshot()) == ""
    assert energy_line(snapshot(energy=EnergySnapshot(price=0.3))) == ""
    little = EnergySnapshot(ENERGY.devices, 65.0, 650.0)
    assert energy_line(snapshot(energy=little)) == "65.0 W, 650 J"
    assert energy_line(snapshot(energy=replace(little, cost=-0.1))) == "65.0 W, 650 J for -0.1"
    assert per_terahash(2.5e-6) == "2,500,000"


def test_rules_are_told_with_their_reasons():
    assert rules_line(snapshot(policy=THROTTLED)) == (
        "throttle to 30%, outside mine-hours 22:00-06:00; opencl:0: pause, 91 C, the limit is 90"
    )
    assert rules_line(snapshot()) == ""
    assert rules_line(snapshot(policy=PolicySnapshot(PolicyAction.RUN, "", "", 0.0))) == ""


def test_the_report_holds_both():
    shot = snapshot(energy=ENERGY, policy=THROTTLED)
    told = json.loads(json.dumps(report.as_json(shot, 0, "embedded")))
    assert told["energy"]["joules_per_terahash"] == 21.3
    assert told["energy"]["kilowatt_hours"] == 0.2
    assert told["energy"]["day"] == {"joules": 3_600_000.0, "cost": 0.31}
    assert told["policy"]["action"] == "throttle"
    assert told["policy"]["devices"][0]["action"] == "pause"
    assert energy_json(snapshot()) == {"energy": None, "policy": None}
    assert "  energy   65.0 W, 21.3 J/TH" in report.summary(shot, 0)


def test_both_travel_to_another_process():
    shot = snapshot(energy=ENERGY, policy=THROTTLED)
    there = transfer.decode(transfer.encode(shot))
    assert (there.energy, there.policy) == (ENERGY, THROTTLED)
