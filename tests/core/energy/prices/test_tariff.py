"""Which price holds: the file's, else that of the hours, else the usual one."""

from datetime import datetime

import pytest

from stampmill.core.energy.prices.tariff import Tariff, tariff_of
from stampmill.core.errors import UsageError
from stampmill.core.settings import EnergySettings


def test_the_file_goes_before_the_hours_and_those_before_the_usual_price(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("2025-11-24T23:00,0.1\n", encoding="utf-8")
    tariff = tariff_of(
        EnergySettings(
            price=0.3,
            price_bands=("22:00-06:00=0.2", "22:00-24:00=9"),
            price_file=str(path),
            time_zone="Europe/Berlin",
        )
    )
    prices = {
        hour: tariff.price(datetime.fromisoformat(f"2025-11-24T{hour}:00+01:00").timestamp())
        for hour in ("21", "22", "23")
    }
    assert prices == {"21": 0.3, "22": 0.2, "23": 0.1}
    assert tariff.is_given


def test_without_any_price_there_is_none():
    assert Tariff().price(0.0) is None
    assert not tariff_of(EnergySettings()).is_given
    assert tariff_of(EnergySettings(price_bands=("00:00-06:00=-0.1",))).is_given


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (EnergySettings(price=float("nan")), "price 'nan' is no price"),
        (EnergySettings(price_bands=("22:00-06:00",)), "write hours and a price as"),
        (EnergySettings(price_bands=("22:00-06:00=inf",)), "price-band '22:00-06:00=inf': write"),
        (EnergySettings(price_bands=("22:00=0.2",)), "price-band '22:00': write hours as"),
        (EnergySettings(price_file="/nowhere/p.csv"), "price-file /nowhere/p.csv cannot be read"),
        (EnergySettings(time_zone="Mars/Base"), "time-zone 'Mars/Base' is not known"),
    ],
)
def test_a_wrong_price_is_named(settings, why):
    with pytest.raises(UsageError) as error:
        tariff_of(settings)
    assert why in str(error.value)
