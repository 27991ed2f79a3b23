from typing import Any

import pytest

from stampmill.core.backends.asic.control import emc2101, limits, pmbus, tps546
from stampmill.core.backends.asic.control.bitaxe import BITAXE
from stampmill.core.backends.asic.control.bitaxe_12v import BITAXE_HEX, BITAXE_TURBO
from stampmill.core.backends.asic.control.emberone import EMBERONE
from stampmill.core.backends.asic.control.profile import Profile
from stampmill.core.backends.asic.control.requests import GpioSet, I2cWrite, encode_request
from stampmill.core.backends.asic.control.steps import Ask
from stampmill.core.errors import UsageError
from tests.core.backends.asic.vectors import section

PROFILES = [BITAXE, BITAXE_HEX, BITAXE_TURBO, EMBERONE]


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


def written(profile: Profile) -> dict[str, str]:
    """Return what goes into the regulator's registers, the last of each."""
    data = [r.data for r in requests(profile) if isinstance(r, I2cWrite) and r.address == 0x24]
    return {one[:1].hex(): one[1:].hex() for one in data}


def test_boards_at_12_volts_have_limits_of_their_own() -> None:
    # ESP-Miner main/power/vcore.c, in LINEAR11 and LINEAR16 with exponent -9.
    hex_board, turbo = written(BITAXE_HEX), written(BITAXE_TURBO)
    assert pmbus.from_linear16(int.from_bytes(bytes.fromhex(hex_board["21"]), "little"), -9) == (
        pytest.approx(3.6, abs=0.002)
    )
    for board, on, off in ((hex_board, 11.5, 11.0), (turbo, 11.0, 10.5)):
        for register, volts in (("35", on), ("36", off), ("55", 14.8), ("58", 11.0)):
            word = int.from_bytes(bytes.fromhex(board[register]), "little")
            assert pmbus.from_linear11(word) == pytest.approx(volts, abs=0.01)
    assert (hex_board["ec"], hex_board["e4"], hex_board["04"]) == ("0000", "10", "00")
    assert (turbo["ec"], turbo["e4"], turbo["b1"]) == ("0100", "d0", "051234422104")
    assert turbo["04"] == "ff"
    assert "58" not in written(BITAXE)


def test_a_hexs_voltage_is_that_of_three_domains() -> None:
    assert BITAXE_HEX.voltage is not None
    (ask, _) = BITAXE_HEX.voltage(1.2)
    assert isinstance(ask, Ask)
    assert ask.request == I2cWrite(0x24, bytes.fromhex("213307"))


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
