"""Energy and rules in the metrics."""

from dataclasses import replace

import pytest

pytest.importorskip("prometheus_client", reason="the extra 'metrics' is not installed")

from stampmill.core.snapshot import (
    DevicePower,
    EnergySnapshot,
    EnergyTotal,
    PolicyAction,
    PolicySnapshot,
    Quantity,
    Sensor,
)
from tests.core.snapshots import DEVICE, snapshot

from .test_collector import samples, value

ENERGY = EnergySnapshot(
    (
        DevicePower("cpu", 65.0, "rapl", 6500.0, 2e-6),
        DevicePower("/dev/ttyACM0", 15.0, "board", 1500.0),
    ),
    80.0, 8000.0, 1e-6, 0.31, -0.02, "EUR", 10.0, EnergyTotal(9000.0, 0.1), EnergyTotal(9500.0),
)  # fmt: skip
BOARD = replace(
    DEVICE, name="/dev/ttyACM0", backend="asic",
    sensors=(Sensor(Quantity.POWER, "core", 15.0),),
)  # fmt: skip


def test_power_is_told_once_by_device_and_by_who_says_it() -> None:
    shot = snapshot(devices=(DEVICE, BOARD), energy=ENERGY)
    assert value(shot, "device_power_watts", device="cpu", sensor="rapl") == 65
    assert value(shot, "device_power_watts", device="/dev/ttyACM0", sensor="core") == 15
    watts = [key for key in samples(shot) if key[0] == "stampmill_device_power_watts"]
    assert len(watts) == 2
    assert value(replace(shot, energy=None), "device_power_watts",
                 device="/dev/ttyACM0", sensor="core") == 15  # fmt: skip


def test_energy_and_its_cost_are_told() -> None:
    shot = snapshot(energy=ENERGY)
    assert value(shot, "energy_joules_total", device="cpu") == 6500
    assert value(shot, "energy_joules_per_hash") == 1e-6
    assert value(shot, "energy_unpriced_joules") == 10
    assert value(shot, "energy_price_per_kwh", currency="EUR") == 0.31
    assert value(shot, "energy_cost", currency="EUR") == -0.02
    assert value(shot, "energy_day_joules") == 9000
    assert value(shot, "energy_day_cost", currency="EUR") == 0.1


def test_what_is_not_known_is_not_told() -> None:
    shot = snapshot(energy=EnergySnapshot(price=float("nan")))
    told = {name for name, _ in samples(shot) if "energy" in name}
    assert told == {"stampmill_energy_unpriced_joules", "stampmill_energy_day_joules"}


@pytest.mark.parametrize(
    ("paused", "action", "rule", "told"),
    [
        ("", PolicyAction.RUN, "", ("run", "")),
        ("me", PolicyAction.RUN, "", ("pause", "me")),
        ("me, the rules (price 0.35 is above 0.3)", PolicyAction.PAUSE, "price",
         ("pause", "price")),
        ("", PolicyAction.THROTTLE, "hours", ("throttle", "hours")),
    ],
)  # fmt: skip
def test_a_rule_is_told_by_its_name(paused: str, action: PolicyAction, rule: str,
                                    told: tuple[str, str]) -> None:  # fmt: skip
    policy = PolicySnapshot(action, rule, "price 0.35 is above 0.3", 0.0)
    shot = snapshot(paused=paused, policy=policy)
    states = {key[1]: amount for key, amount in samples(shot).items()
              if key[0] == "stampmill_policy_state"}  # fmt: skip
    assert states == {frozenset(zip(("state", "reason"), told, strict=True)): 1}
