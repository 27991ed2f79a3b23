import pytest

from stampmill.core.cli.doctor import energy as checks
from stampmill.core.cli.doctor.finding import Grade
from stampmill.core.energy.meters.supply import Supply
from stampmill.core.settings import EnergySettings, MineSettings, RuleSettings


def found(energy=None, rules=None, backends=("cpu",)):
    settings = MineSettings(energy=energy or EnergySettings(), rules=rules or RuleSettings())
    return [(each.check, each.grade, each.text) for each in checks.energy(settings, backends)]


@pytest.mark.parametrize(
    ("asked", "grade"),
    [(EnergySettings(), Grade.LEFT_OUT), (EnergySettings(price=0.3), Grade.DOUBTFUL)],
)
def test_power_that_cannot_be_read_matters_to_those_who_ask(monkeypatch, asked, grade):
    monkeypatch.setattr("stampmill.core.energy.meters.rapl.why_not", lambda: "for root alone")
    assert found(asked)[0] == ("energy", grade, "for root alone")
    assert found(EnergySettings(power=("cpu=5",)))[0][1] is Grade.WELL
    assert found(backends=("asic",)) == []
    assert found(EnergySettings(metered=False)) == []


def test_power_that_can_be_read_is_named(monkeypatch):
    monkeypatch.setattr("stampmill.core.energy.meters.rapl.why_not", lambda: "")
    monkeypatch.setattr("stampmill.core.energy.meters.rapl.read", lambda: {"intel-rapl:0": (1, 2)})
    assert found() == [("energy", Grade.WELL, "the CPU counts it: intel-rapl:0")]


def test_prices_that_have_ended_are_named(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text("2020-11-24T12:00Z,0.2\n", encoding="utf-8")
    asked = EnergySettings(price_file=str(file), time_zone="UTC")
    (price, ended) = found(asked, backends=("asic",))
    assert price[2] == "none is known now, 1, 2020-11-24 12:00 - 2020-11-24 13:00"
    assert ended[1] is Grade.DOUBTFUL
    assert "its prices ended 2020-11-24 13:00" in ended[2]


def test_wrong_settings_are_named():
    ((check, grade, text),) = found(EnergySettings(time_zone="Mars/Base"))
    assert (check, grade) == ("energy", Grade.BAD)
    assert "'Mars/Base' is not known" in text


def test_a_battery_rule_needs_a_battery(monkeypatch):
    rules = RuleSettings(on_battery="pause")
    for state, grade in ((Supply(None, "no"), Grade.DOUBTFUL), (Supply(True), Grade.WELL)):
        monkeypatch.setattr("stampmill.core.energy.meters.supply.read", lambda state=state: state)
        assert found(rules=rules, backends=("asic",))[0][:2] == ("battery", grade)
