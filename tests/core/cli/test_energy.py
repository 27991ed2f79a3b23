"""Energy and rules as a user says them: by flags and file, wrongly, and while a run goes on."""

import asyncio
import json
from dataclasses import replace

import pytest

from stampmill.core import config
from stampmill.core.cli.energy import EnergyWatch
from stampmill.core.cli.reload import Reloader
from stampmill.core.config import Layer
from stampmill.core.energy.plan import plan_of
from stampmill.core.errors import UsageError
from stampmill.core.events import Notice
from stampmill.core.settings import EnergySettings, MineSettings, RuleSettings
from stampmill.core.snapshot import PolicyAction
from tests.core.fakes import MemoryBackend
from tests.core.operate.desks import Rig
from tests.core.running import Run, a_source

TOML = """
power = ["cpu=65/8", "asic:/dev/ttyACM0=18"]
price = 0.31
price-band = "22:00-06:00=0.21"
currency = "EUR"
time-zone = "Europe/Berlin"
mine-hours = ["22:00-06:00", "sat-sun 00:00-24:00"]
off-hours = "throttle"
pause-above-price = 0.30
resume-below-price = 0.25
temp-limit = 85
on-battery = "pause"
throttle-to = 30
"""


@pytest.mark.parametrize("place", ["file", "environment", "flags"])
def test_all_of_it_can_be_said_in_each_place(tmp_path, place):
    file = tmp_path / "config.toml"
    file.write_text(TOML if place == "file" else "", encoding="utf-8")
    said = {
        "power": "cpu=65/8,asic:/dev/ttyACM0=18", "price": "0.31",
        "price-band": "22:00-06:00=0.21", "currency": "EUR", "time-zone": "Europe/Berlin",
        "mine-hours": "22:00-06:00, sat-sun 00:00-24:00", "off-hours": "throttle",
        "pause-above-price": "0.30", "resume-below-price": "0.25", "temp-limit": "85",
        "on-battery": "pause", "throttle-to": "30",
    }  # fmt: skip
    environ = {f"STAMPMILL_{key.upper().replace('-', '_')}": text for key, text in said.items()}
    settings = config.load(
        Layer("command line", said if place == "flags" else {}),
        environ if place == "environment" else {},
        file,
    )
    assert settings.energy == EnergySettings(
        power=("cpu=65/8", "asic:/dev/ttyACM0=18"), price=0.31,
        price_bands=("22:00-06:00=0.21",), currency="EUR", time_zone="Europe/Berlin",
    )  # fmt: skip
    assert settings.rules == RuleSettings(
        mine_hours=("22:00-06:00", "sat-sun 00:00-24:00"), off_hours="throttle",
        pause_above_price=0.3, resume_below_price=0.25, temp_limit=85.0, on_battery="pause",
        throttle_to=30,
    )  # fmt: skip
    assert plan_of(settings.energy, settings.rules).has_rules


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"on-battery": "stop"}, "on-battery 'stop': expected run or throttle or pause"),
        ({"throttle-to": "5"}, "throttle-to '5': expected int >= 10"),
        ({"temp-limit": "-3"}, "temp-limit '-3': expected float > 0"),
        ({"price": "cheap"}, "price 'cheap': expected float"),
        ({"price-file-unit": "GWh"}, "price-file-unit 'GWh': expected kWh or MWh"),
        ({"energy-meter": "maybe"}, "energy-meter 'maybe': expected on or off"),
    ],
)
def test_a_wrong_word_is_named(said, why):
    with pytest.raises(UsageError) as error:
        config.load(Layer("command line", said), {}, None)
    assert why in str(error.value)


def test_a_wrong_call_is_one_line(stampmill):
    done = stampmill("mine", "--price-file", "/nowhere/prices.csv")
    assert done.code == 2
    assert done.error_lines == [
        "stampmill: price-file /nowhere/prices.csv cannot be read: No such file or directory"
    ]


def test_a_run_tells_its_energy_and_keeps_it(stampmill, tmp_path):
    backend = ("--backend", "reference", "--threads", "1")
    power = ("--power", "reference=100", "--price", "0.36", "--currency", "EUR")
    done = stampmill("mine", "-q", "--json", "--time-limit", "1.5", *power, *backend)
    energy = done.json["energy"]
    assert (energy["watts"], energy["currency"]) == (100, "EUR")
    assert energy["joules"] > 0
    assert energy["cost"] == pytest.approx(energy["joules"] * 1e-7)
    assert energy["joules_per_terahash"] > 0
    assert any(line.startswith("  energy   100.0 W, ") for line in done.error_lines)
    kept = json.loads((tmp_path / "state/stampmill/energy.json").read_text(encoding="utf-8"))
    assert kept["book"]["total"]["joules"] == pytest.approx(energy["joules"])


class Reloading:
    """A run with its energy looked after, and a configuration that a test changes."""

    def __init__(self, folder, monkeypatch):
        monkeypatch.setenv("XDG_STATE_HOME", str(folder))
        self.told, self.recorded = [], []
        self.run = Run(a_source(), MemoryBackend())
        self.file = MineSettings(
            energy=EnergySettings(price=0.25), rules=RuleSettings(pause_above_price=0.2)
        )
        self.watch = EnergyWatch(
            plan_of(self.file.energy, self.file.rules), self.file, self.run.miner,
            tell=self.tell, record=lambda **fields: self.recorded.append(fields),
        )  # fmt: skip
        self.reload = Reloader(
            self.file, lambda: self.file, Rig().desk,
            tell=self.tell, record=lambda **_: None, apply=self.watch.changes(),
        )  # fmt: skip

    def tell(self, text, warning):
        self.told.append((text, warning))

    def change(self, **rules):
        self.file = replace(self.file, rules=RuleSettings(**rules))
        self.reload()

    async def look(self):
        await self.watch._warden.look()
        return self.run.miner.snapshot()


def test_settings_that_are_read_again_hold_at_once_and_a_pause_outlives_them(tmp_path, monkeypatch):
    it = Reloading(tmp_path, monkeypatch)

    async def story():
        assert (await it.look()).paused == "the rules (price 0.25 is above 0.2)"
        it.change(pause_above_price=0.3, resume_below_price=0.1)
        assert (await it.look()).paused == "the rules (price 0.25, goes on at 0.1)"
        it.change(pause_above_price=0.3, resume_below_price=0.4)
        assert (await it.look()).policy.action is PolicyAction.PAUSE
        it.change(pause_above_price=0.3)
        assert (await it.look()).paused == ""

    asyncio.run(story())
    reloaded = [text for text, _ in it.told if text.startswith("configuration")]
    assert reloaded[0] == (
        "configuration reloaded: rules.pause-above-price was 0.2, is 0.3; "
        "rules.resume-below-price was unset, is 0.1"
    )
    assert "is above pause-above-price 0.3" in reloaded[1]
    assert reloaded[1].startswith("configuration reloaded: from the next start on: ")
    assert [each["what"] for each in it.recorded] == ["pause", "run"]
    assert [e.text for e in it.run.events if isinstance(e, Notice)] == ["mining goes on"]
