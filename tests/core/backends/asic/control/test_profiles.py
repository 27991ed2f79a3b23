from typing import Any

import pytest

from stampmill.core.backends.asic.control import emc2101, limits, tps546
from stampmill.core.backends.asic.control.bitaxe import BITAXE
from stampmill.core.backends.asic.control.emberone import EMBERONE
from stampmill.core.backends.asic.control.profile import Profile
from stampmill.core.backends.asic.control.requests import GpioSet, I2cWrite, encode_request
from stampmill.core.backends.asic.control.steps import Ask
from stampmill.core.errors import UsageError
from tests.core.backends.asic.vectors import section

PROFILES = [BITAXE, EMBERONE]


def requests(profile: Profile) -> list[object]:
    steps = [step for stage in profile.stages for step in stage.steps]
    return [step.request for step in steps if isinstance(step, Ask)]


def test_the_bring_up_writes_what_the_vectors_say() -> None:
    written = {r.data.hex() for r in requests(BITAXE) if isinstance(r, I2cWrite)}
    cases = [c for c in section("pmbus") if c["id"].startswith("tps546-")] + [
        {"i2c_write": "214d02"}
    ]
    assert [case["i2c_write"] for case in cases if case["i2c_write"] not in written] == []


@pytest.mark.parametrize("case_id", ["br-emc-4c-3f", "br-emc-4a-23"])
def test_the_fan_is_set_up_as_the_vectors_say(case_id: str) -> None:
    case: dict[str, Any] = next(c for c in section("bitaxe_raw") if c["id"] == case_id)
    packets = [encode_request(9, r).hex() for r in requests(BITAXE) if isinstance(r, I2cWrite)]
    assert case["request"] in packets


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_reset_is_low_first_and_never_high(profile: Profile) -> None:
    assert requests(profile)[0] == GpioSet(0, False)
    assert GpioSet(0, True) not in requests(profile)


def test_the_fan_is_at_full_speed_before_the_voltage_is_on() -> None:
    asked = requests(BITAXE)
    full = asked.index(I2cWrite(emc2101.ADDRESS, bytes([emc2101.Register.FAN_DUTY, 63])))
    on = asked.index(I2cWrite(tps546.ADDRESS, b"\x01\x80"))
    off = asked.index(I2cWrite(tps546.ADDRESS, b"\x01\x00"))
    assert full < on
    assert off < on


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_cold_means_reset_low_first_then_fan_then_power(profile: Profile) -> None:
    steps = [step.request for step in profile.cold(100)]
    assert steps[0] == GpioSet(0, False)
    assert steps[-len(profile.power_off) :] == [step.request for step in profile.power_off]
    if profile.fans is not None:
        fans = [step.request for step in profile.fans(100)]
        assert steps[1 : 1 + len(fans)] == fans


def test_models_are_known_by_their_chip() -> None:
    assert BITAXE.model(0x1370) is limits.BITAXE_GAMMA
    assert BITAXE.model(0x1368) is limits.BITAXE_SUPRA
    assert BITAXE.model(0x1397) is None


@pytest.mark.parametrize("model", limits.BITAXES, ids=lambda model: model.name)
def test_the_voltage_to_start_with_suits_every_bitaxe(model: limits.Model) -> None:
    assert model.check_volts(limits.BITAXE_START_VOLTS) == limits.BITAXE_START_VOLTS
    assert model.check_volts(model.default_volts) == model.default_volts
    assert model.check_megahertz(model.default_megahertz) == model.default_megahertz


@pytest.mark.parametrize("model", limits.BITAXES, ids=lambda model: model.name)
def test_limits_refuse_and_name_themselves(model: limits.Model) -> None:
    for volts in (model.max_volts + 0.01, model.min_volts - 0.01, float("nan")):
        with pytest.raises(UsageError, match=f"{model.max_volts:g} V"):
            model.check_volts(volts)
    for megahertz in (model.max_megahertz + 1, 0, float("nan")):
        with pytest.raises(UsageError, match=f"{model.max_megahertz:g} MHz"):
            model.check_megahertz(megahertz)
