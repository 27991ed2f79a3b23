from typing import Any

import pytest

from stampmill.core.backends.asic.control import emc2101, pmbus, tps546
from stampmill.core.backends.asic.control.bitaxe import BITAXE
from stampmill.core.backends.asic.control.gauges import Sample, SensorFault, sample
from stampmill.core.backends.asic.control.profile import Profile, reset_step
from stampmill.core.backends.asic.control.profiles import PROFILES
from stampmill.core.backends.asic.control.replies import (
    Code,
    Failure,
    Variant,
    detect_variant,
)
from stampmill.core.backends.asic.control.requests import (
    AdcChannel,
    AdcRead,
    GpioGet,
    GpioSet,
    I2cWrite,
    LedSet,
    Raw,
    encode_request,
)
from stampmill.core.backends.asic.control.steps import read, write
from stampmill.core.emulator.peripherals.board import EmulatedPower
from stampmill.core.emulator.peripherals.faults import PowerFault
from tests.core.backends.asic.vectors import section
from tests.core.emulator.peripherals.host import Host


def powered(kind: str = "bitaxe", **options: Any) -> Host:
    host = Host(EmulatedPower(0.0, kind=kind, **options))
    for stage in PROFILES[kind].stages:
        host.run(stage.steps)
    return host


def reading(host: Host, profile: Profile = BITAXE) -> dict[str, Sample]:
    samples = {}
    for gauge in profile.gauges:
        answers = [host.ask(request) for request in gauge.requests]
        data = [answer if isinstance(answer, bytes) else None for answer in answers]
        samples[gauge.name] = sample(gauge, data)
    return samples


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("kind", PROFILES)
def test_the_bring_up_powers_the_board_and_breaks_no_rule(kind: str, variant: Variant) -> None:
    host = powered(kind, variant=variant)
    board = host.board
    low, high = board.power.range
    assert low <= board.volts <= high
    assert not board.chips_awake
    host.run([reset_step(high=True)])
    assert board.chips_awake
    host.run(PROFILES[kind].cold(100))
    assert board.is_cold
    assert board.fan_percent == 100
    assert board.violations == []


@pytest.mark.parametrize("variant", Variant)
def test_every_variant_is_detected(variant: Variant) -> None:
    board = EmulatedPower(0.0, variant=variant)
    assert detect_variant(0x2A, board.feed(encode_request(0x2A, GpioGet(0)), 0.0)) is variant


@pytest.mark.parametrize("case", section("bitaxe_raw"), ids=lambda case: case["id"])
def test_answers_each_vector_as_recorded(case: dict[str, Any]) -> None:
    names = {"V0": Variant.V0, "V1": Variant.V1, "old_length_rule": Variant.V0}
    names["total_length_rule"] = Variant.TOTAL
    for name, answer in case.get("responses", {}).items():
        board = EmulatedPower(0.0, variant=names[name])
        if case["id"] == "br-i2c-write":  # its address, 4F, is nobody's on a Bitaxe
            board.power.bus = {0x4F: board.power.bus[emc2101.ADDRESS]}
        assert board.feed(bytes.fromhex(case["request"]), 0.0).hex() == answer


def test_a_running_board_shows_plausible_numbers() -> None:
    host = powered()
    host.run([reset_step(high=True)])
    host.wait(0.6)
    host.board.set_load(1.0, host.now)
    host.wait(120)
    shown = {name: sample.value for name, sample in reading(host).items()}
    assert shown["chip temperature"] == pytest.approx(63, abs=1)
    assert shown["fan"] == 7200
    assert shown["status word"] == 0
    assert shown["core volts"] == pytest.approx(1.15, abs=0.01)
    assert shown["core amperes"] == pytest.approx(19 / 1.15, rel=0.01)
    assert shown["input volts"] == pytest.approx(5.1, rel=0.01)


def test_an_emberone_shows_two_temperatures() -> None:
    host = powered("emberone")
    shown = {name: s.value for name, s in reading(host, PROFILES["emberone"]).items()}
    assert shown == pytest.approx({"left temperature": 25.0, "right temperature": 25.0}, abs=0.5)


def test_reset_high_without_a_host_keeps_the_chip_hot() -> None:
    host = powered()
    host.run([reset_step(high=True)])
    host.board.set_load(1.0, host.now)
    host.wait(60)
    host.board.set_load(0.0, host.now)
    host.wait(120)
    hot = host.board.heat.celsius
    assert hot == pytest.approx(45, abs=1)
    host.run(BITAXE.cold(100))
    host.wait(120)
    assert host.board.heat.celsius == pytest.approx(25, abs=1)


def test_the_diode_reads_nonsense_right_after_reset_release() -> None:
    host = powered()
    host.run([reset_step(high=True)])
    assert reading(host)["chip temperature"].value == 111
    host.wait(0.3)
    assert reading(host)["chip temperature"].value == pytest.approx(25, abs=1)


@pytest.mark.parametrize(
    ("fault", "name", "value"),
    [
        (PowerFault.NAK, "chip temperature", SensorFault.NO_ANSWER),
        (PowerFault.TIMEOUT, "chip temperature", SensorFault.NO_ANSWER),
        (PowerFault.ZERO_DATA, "chip temperature", 0.0),
        (PowerFault.ZERO_DATA, "fan", 0.0),
        (PowerFault.HOT_SENSOR, "chip temperature", 95.0),
        (PowerFault.OPEN_DIODE, "chip temperature", SensorFault.OPEN_DIODE),
        (PowerFault.SHORTED_DIODE, "chip temperature", SensorFault.SHORTED_DIODE),
        (PowerFault.ZERO_TEMPERATURE, "chip temperature", 0.0),
        (PowerFault.NEGATIVE_TEMPERATURE, "chip temperature", -1.0),
        (PowerFault.STUCK_FAN, "fan", 0.0),
        (PowerFault.OVER_CURRENT, "core volts", 0.0),
        (PowerFault.UNDER_VOLTAGE, "core volts", 0.0),
    ],
)
def test_each_fault_shows(fault: PowerFault, name: str, value: object) -> None:
    host = powered()
    host.run([reset_step(high=True)])
    host.wait(1)
    host.board.faults.add(fault)
    host.wait(1)
    assert reading(host)[name].value == value


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (PowerFault.OVER_CURRENT, "output over-current"),
        (PowerFault.UNDER_VOLTAGE, "input under-voltage (is the board's own supply plugged in?)"),
    ],
)
def test_a_regulator_fault_stays_latched_until_cleared(fault: PowerFault, reason: str) -> None:
    host = powered()
    host.run([reset_step(high=True)])
    host.board.faults.add(fault)
    host.wait(1)
    host.board.faults.clear()
    host.wait(1)
    word = reading(host)["status word"].value
    assert isinstance(word, int | float)
    assert reason in tps546.fault_reasons(int(word))
    assert int(word) & tps546.Status.OFF
    host.run([reset_step(high=False)])
    host.run([write("", tps546.ADDRESS, tps546.Register.CLEAR_FAULTS)])
    assert reading(host)["status word"].value == 0


def test_without_a_supply_the_regulator_stays_off() -> None:
    with pytest.raises(AssertionError):
        powered(faults=[PowerFault.NO_SUPPLY])


@pytest.mark.parametrize(
    ("fault", "request_"),
    [
        (PowerFault.WRONG_FAN_CHIP, read(emc2101.ADDRESS, 0xFE, 1)),
        (PowerFault.WRONG_REGULATOR, read(tps546.ADDRESS, 0xAD, 7)),
    ],
)
def test_a_wrong_part_shows_by_its_identity(fault: PowerFault, request_: Any) -> None:
    right = Host(EmulatedPower(0.0)).ask(request_)
    wrong = Host(EmulatedPower(0.0, faults=[fault])).ask(request_)
    assert right != wrong
    assert isinstance(wrong, bytes)


def test_lost_replies_are_some_of_all() -> None:
    host = Host(EmulatedPower(0.0, faults=[PowerFault.LOST_REPLY]))
    lost = sum(host.ask(GpioGet(0)) is None for _ in range(400))
    assert 20 < lost < 100


def test_fan_below_full_speed_at_power_on_is_a_violation() -> None:
    host = Host(EmulatedPower(0.0))
    for stage in BITAXE.stages:
        host.run(stage.steps)
        if stage.name == "fan":
            host.run([emc2101.fan_step(50)])
    assert host.board.violations == ["core voltage on with the fan at 49 %"]


def test_a_voltage_change_with_reset_high_is_a_violation() -> None:
    host = powered()
    host.run([reset_step(high=True), tps546.command_step(1.2)])
    assert host.board.violations == ["core voltage changed while reset was high"]


@pytest.mark.parametrize("volts", [0.9, 2.1])
def test_a_voltage_outside_the_board_is_a_violation(volts: float) -> None:
    host = powered()
    host.run([tps546.command_step(volts)])
    assert len(host.board.violations) == 1
    host.run([reset_step(high=True)])
    assert not host.board.chips_awake


def test_a_partial_request_is_dropped_after_silence() -> None:
    board = EmulatedPower(0.0)
    packet = encode_request(1, GpioSet(0, True))
    assert board.feed(packet[:3], 1.0) == b""
    assert board.feed(packet[3:], 1.002).hex() == "01000101"
    assert board.feed(packet[:3], 2.0) == b""
    assert board.feed(packet, 2.005).hex() == "01000101"


def test_what_is_no_request_comes_back_with_id_ff() -> None:
    assert EmulatedPower(0.0).feed(b"\x01\x00", 0.0).hex() == "0400ff11"


def test_unknown_commands_pins_and_addresses_are_refused() -> None:
    host = Host(EmulatedPower(0.0))
    assert host.ask(Raw(9, 0x10, b"\x32")) == Failure(5, Code.INVALID_COMMAND)
    assert host.ask(GpioSet(17, True)) == Failure(5, Code.INVALID_COMMAND)
    assert host.ask(GpioGet(17)) == Failure(5, Code.INVALID_COMMAND)
    assert host.ask(I2cWrite(0x11, b"a")) == Failure(5, Code.TIMEOUT)


def test_light_and_adc() -> None:
    host = powered()
    host.ask(LedSet(1, 2, 3))
    assert host.board.light == (1, 2, 3)
    assert host.ask(AdcRead(AdcChannel.VDD)) == round(host.board.volts * 1000).to_bytes(2, "little")
    assert host.ask(AdcRead(AdcChannel.VIN)) == (5100).to_bytes(2, "little")


def test_a_reboot_holds_reset_low_and_leaves_the_voltage() -> None:
    host = powered()
    host.run([reset_step(high=True)])
    host.board.reboot()
    assert not host.board.reset_high
    assert host.board.volts > 1


def test_limits_are_compared_as_numbers() -> None:
    host = powered()
    coarse = 5 | (0 << 11)  # 5.0 V with exponent 0; the supply gives 5.1
    assert pmbus.from_linear11(coarse) == 5
    host.run([write("", tps546.ADDRESS, tps546.Register.VIN_ON, pmbus.to_bytes(coarse))])
    assert host.board.volts > 1
