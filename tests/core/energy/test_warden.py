"""A real run with its energy and rules looked after, from the first joule to the kept book."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from stampmill.core.energy.books.store import Store
from stampmill.core.energy.warden import ROUND_SECONDS
from stampmill.core.events import Notice
from stampmill.core.settings import EnergySettings, RuleSettings
from stampmill.core.snapshot import PolicyAction

from .worlds import World

PAUSE, RUN = PolicyAction.PAUSE, PolicyAction.RUN
NIGHTS = RuleSettings(mine_hours=("22:00-06:00",))


def is_mining(world, backend=0):
    return world.backends[backend].feed is not None


def test_a_schedule_pauses_a_run_and_lets_it_go_on(tmp_path):
    world = World(tmp_path, rules=NIGHTS)
    world.monday("05:59:58")

    async def story():
        shot = await world.look()
        assert (shot.paused, shot.policy.action, is_mining(world)) == ("", RUN, True)
        world.monday("06:00")
        shot = await world.look()
        assert not is_mining(world)
        assert shot.paused == "the rules (outside mine-hours 22:00-06:00)"
        assert (shot.policy.action, shot.policy.rule) == (PAUSE, "hours")
        accepted = shot.accepted
        world.monday("21:59:58")
        shot = await world.look()
        assert shot.accepted == accepted
        assert shot.policy.since == pytest.approx(world.unix - 16 * 3600, abs=5)
        world.monday("22:00")
        shot = await world.look()
        assert (shot.paused, shot.policy.action, is_mining(world)) == ("", RUN, True)
        assert shot.accepted > accepted

    world.run(story)
    assert world.lines == [
        "rules: pause, outside mine-hours 22:00-06:00",
        "rules: run, nothing is against it",
    ]
    assert [each["what"] for each in world.recorded] == ["pause", "run"]
    assert world.recorded[0] == {
        "who": "rules", "what": "pause", "rule": "hours",
        "reason": "outside mine-hours 22:00-06:00",
    }  # fmt: skip


@pytest.mark.parametrize("operator_first", [True, False])
def test_a_pause_of_the_operators_and_one_of_the_rules_do_not_end_each_other(
    tmp_path, operator_first
):
    world = World(tmp_path, rules=NIGHTS)
    world.monday("23:00")

    async def story():
        await world.look()
        if operator_first:
            world.miner.pause("me")
        world.monday("12:00")
        await world.look()
        if not operator_first:
            world.miner.pause("me")
        world.miner.resume()
        assert (await world.look()).paused == "the rules (outside mine-hours 22:00-06:00)"
        assert not is_mining(world)
        world.miner.pause("me")
        world.monday("23:00")
        assert (await world.look()).paused == "me"
        assert not is_mining(world)
        world.miner.resume()
        assert is_mining(world)

    world.run(story)


def test_a_run_that_begins_outside_its_hours_does_nothing(tmp_path):
    world = World(tmp_path, rules=NIGHTS)

    async def look_first():
        await world.warden.look()

    asyncio.run(look_first())
    assert world.miner.snapshot().paused.startswith("the rules")


def test_what_the_cpu_uses_is_entered_at_its_price_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("stampmill.core.energy.metering.CPU_BACKENDS", {"memory"})
    monkeypatch.setattr("stampmill.core.energy.gauges.CPU_BACKENDS", {"memory"})
    world = World(tmp_path, EnergySettings(price=0.36, currency="EUR"))
    world.joules(100)

    async def story():
        await world.look()
        for used in (165, 230):
            world.joules(used)
            shot = await world.look()
        energy = shot.energy
        assert [(each.device, each.watts, each.origin) for each in energy.devices] == [
            ("memory", 65.0, "rapl")
        ]
        assert (energy.watts, energy.joules) == (65.0, 130.0)
        assert energy.cost == pytest.approx(130 * 1e-7)
        assert (energy.price, energy.currency, energy.unpriced_joules) == (0.36, "EUR", 0.0)
        assert energy.joules_per_hash == energy.devices[0].joules_per_hash
        assert energy.joules_per_hash > 0
        world.joules(1230)

    end = world.run(story)
    assert end.energy.joules == 1130, "what was used last is entered at the end"
    kept = Store(world.store.path, print).read()
    assert kept.total.joules == kept.days["2025-11-24"].joules == 1130
    again = World(tmp_path, EnergySettings(price=0.36, currency="EUR"))
    again.joules(2000)

    async def more():
        await again.look()
        again.joules(2070)
        energy = (await again.look()).energy
        assert (energy.joules, energy.day.joules, energy.ever.joules) == (70, 1200, 1200)
        assert energy.day.cost == pytest.approx(1200 * 1e-7)

    again.run(more)
    assert world.told == again.told == []


def test_power_from_the_configuration_is_metered_and_a_wrong_name_is_said_once(tmp_path):
    energy = EnergySettings(power=("memory=60/5", "asic:/dev/ttyACM9=18"))
    world = World(tmp_path, energy, names=("memory", "other"))

    async def story():
        for _ in range(4):
            await world.look()
        await world.look(ROUND_SECONDS)
        assert (await world.look()).energy.watts == 60
        world.miner.pause("me")
        assert (await world.look()).energy.watts == 5

    end = world.run(story)
    assert end.energy.cost is None
    assert world.told == [("power: there is no device 'asic:/dev/ttyACM9'; there are 0, 0", True)]


def test_a_hot_device_rests_alone_and_what_it_draws_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr("stampmill.core.energy.metering.CPU_BACKENDS", {"memory"})
    monkeypatch.setattr("stampmill.core.energy.gauges.CPU_BACKENDS", {"memory"})
    world = World(tmp_path, rules=RuleSettings(temp_limit=80.0), names=("memory", "other"))
    world.heat(60)

    async def story():
        await world.look()
        world.heat(81.5)
        shot = await world.look()
        assert [is_mining(world, index) for index in (0, 1)] == [False, True]
        assert [device.held for device in shot.devices] == [True, False]
        assert shot.policy.action is RUN
        assert [(each.action, each.rule) for each in shot.policy.devices] == [(PAUSE, "heat")]
        world.heat(76)
        await world.look()
        assert not is_mining(world)
        world.heat(75)
        shot = await world.look()
        assert is_mining(world)
        assert shot.policy.devices == ()

    world.run(story)
    assert world.lines == [
        "temp-limit: no temperature is known of 0",
        "rules for 0: pause, 81.5 C, the limit is 80, goes on at 75",
        "rules for 0: run, nothing is against it",
    ]


def test_a_throttled_run_works_its_part_of_the_time(tmp_path):
    world = World(tmp_path, rules=RuleSettings(mine_hours=("22:00-06:00",), off_hours="throttle",
                                               throttle_to=30))  # fmt: skip
    world.clock.now = 1000.0
    worked = []

    async def story():
        for _ in range(40):
            shot = await world.look()
            worked.append(is_mining(world))
            assert shot.paused == ""
            assert shot.policy.duty == 0.3

    world.run(story)
    assert worked.count(True) == 12
    assert world.lines == ["rules: throttle to 30%, outside mine-hours 22:00-06:00"]
    assert [e.text for e in world.events if isinstance(e, Notice) and "paused" in e.text] == []


def test_the_battery_pauses_and_a_state_that_cannot_be_read_is_said_once(tmp_path):
    world = World(tmp_path, rules=RuleSettings(on_battery="pause"))

    async def story():
        await world.look()
        await world.look(ROUND_SECONDS)
        assert is_mining(world)
        world.write("supplies/AC/type", "Mains")
        world.write("supplies/AC/online", 0)
        shot = await world.look()
        assert shot.paused == "the rules (on battery)"
        world.write("supplies/AC/online", 1)
        await world.look()
        assert not is_mining(world)
        await world.look(10)
        assert is_mining(world)

    world.run(story)
    assert world.lines[0].startswith("on-battery: nothing under ")
    assert world.lines[0].endswith("mining goes on as if on the line")
    assert len(world.lines) == 3


def prices(path: Path, text: str, when: int) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (when, when))


def test_a_price_file_pauses_is_read_again_and_ends(tmp_path):
    file = tmp_path / "prices.csv"
    hours = "2025-11-24T12:00,0.20\n2025-11-24T13:00,0.40\n2025-11-24T14:00,0.20\n"
    prices(file, hours, 1)
    world = World(
        tmp_path, EnergySettings(price_file=str(file)), RuleSettings(pause_above_price=0.3)
    )

    async def story():
        assert (await world.look()).energy.price == 0.2
        world.monday("13:30")
        shot = await world.look()
        assert shot.paused == "the rules (price 0.4 is above 0.3)"
        prices(file, hours.replace("0.40", "much"), 2)
        await world.look(ROUND_SECONDS)
        assert not is_mining(world)
        prices(file, hours.replace("0.40", "0.10"), 3)
        await world.look(ROUND_SECONDS)
        await world.look()
        assert is_mining(world)
        world.monday("15:30")
        await world.look(ROUND_SECONDS)
        await world.look(ROUND_SECONDS)
        assert is_mining(world)

    world.run(story)
    assert [line for line in world.lines if "rules: " not in line] == [
        f"prices from {file}: 3, 2025-11-24 12:00 - 2025-11-24 15:00",
        f"price-file {file}: line 2: 'much' is no price; the prices read before stay",
        f"prices read again from {file}: 3, 2025-11-24 12:00 - 2025-11-24 15:00",
        f"price-file {file}: its prices ended 2025-11-24 15:00; on-unknown-price says run, "
        "costs are not counted",
    ]


def test_a_tariff_wholly_in_the_past_is_said_once_and_does_what_was_said(tmp_path):
    file = tmp_path / "prices.csv"
    prices(file, "2020-11-24T12:00,0.20\n", 1)
    rules = RuleSettings(pause_above_price=0.3, on_unknown_price="pause")
    world = World(tmp_path, EnergySettings(price_file=str(file)), rules)

    async def story():
        for _ in range(3):
            shot = await world.look(ROUND_SECONDS)
        assert shot.paused == "the rules (no price is known)"
        assert shot.energy.price is None

    world.run(story)
    assert len([line for line in world.lines if "its prices ended 2020-11-24 13:00" in line]) == 1


def test_what_the_rules_remember_outlives_a_change_of_settings(tmp_path):
    world = World(tmp_path, EnergySettings(price=0.25), RuleSettings(pause_above_price=0.2))

    async def story():
        assert (await world.look()).paused
        world.change(pause_above_price=0.3, resume_below_price=0.1)
        shot = await world.look()
        assert shot.paused == "the rules (price 0.25, goes on at 0.1)"
        world.change()
        shot = await world.look()
        assert (shot.paused, shot.policy, is_mining(world)) == ("", None, True)

    world.run(story)


def test_a_book_that_cannot_be_kept_is_said_once_and_nothing_of_it_is_lost(tmp_path):
    world = World(tmp_path, EnergySettings(power=("memory=60",)))
    world.store.path = tmp_path / "file" / "energy.json"
    (tmp_path / "file").write_text("in the way")

    async def story():
        for _ in range(3):
            await world.look(ROUND_SECONDS)
        assert len(world.told) == 2
        (tmp_path / "file").unlink()
        await world.look(ROUND_SECONDS)

    end = world.run(story)
    assert world.lines[1].endswith("; tried again")
    kept = json.loads(world.store.path.read_bytes())["book"]["total"]["joules"]
    assert kept == end.energy.joules == pytest.approx(60 * 3 * ROUND_SECONDS)


def test_if_looking_breaks_the_run_is_let_go_on_and_it_is_said(tmp_path, monkeypatch):
    world = World(tmp_path, rules=NIGHTS)

    async def story():
        assert (await world.look()).paused
        monkeypatch.setattr("stampmill.core.energy.warden.wanted_by", None)
        with pytest.raises(TypeError):
            await world.warden.attend()
        assert is_mining(world)
        monkeypatch.undo()

    world.run(story)
    assert world.told[-1][0].startswith("energy and rules are looked after no more: TypeError")
    assert world.told[-1][1]
