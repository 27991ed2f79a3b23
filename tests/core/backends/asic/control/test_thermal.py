import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampmill.core.backends.asic.control.gauges import Kind, Sample, SensorFault
from stampmill.core.backends.asic.control.thermal import (
    FaultKind,
    ThermalLimits,
    ThermalRules,
    Verdict,
    fan_percent,
)
from stampmill.core.backends.asic.control.tps546 import Status

LIMITS = ThermalLimits()
GOOD_WORD = 0.0


def chip(value: float | SensorFault) -> Sample:
    return Sample("chip temperature", Kind.CHIP, value)


def fan(value: float | SensorFault) -> Sample:
    return Sample("fan", Kind.FAN, value)


def word(value: float | SensorFault) -> Sample:
    return Sample("status word", Kind.REGULATOR, value)


def judge(*readings: Sample, powered: bool = True) -> Verdict:
    rules = ThermalRules(LIMITS)
    verdicts = [
        rules.judge([sample], 10.0 + n, powered=powered) for n, sample in enumerate(readings)
    ]
    return verdicts[-1]


BAD_TEMPERATURES = [
    (80.0, FaultKind.OVERHEATED),
    (119.0, FaultKind.OVERHEATED),
    (0.0, FaultKind.NO_TEMPERATURE),
    (-1.0, FaultKind.NO_TEMPERATURE),
    (255.0, FaultKind.NO_TEMPERATURE),
    *((fault, FaultKind.NO_TEMPERATURE) for fault in SensorFault),
]


@pytest.mark.parametrize(("bad", "kind"), BAD_TEMPERATURES)
def test_three_bad_temperatures_in_a_row_stop_the_board(bad: float, kind: FaultKind) -> None:
    fault = judge(chip(bad), chip(bad), chip(bad)).fault
    assert fault is not None
    assert fault.kind is kind
    assert judge(chip(bad), chip(bad)).fault is None
    assert judge(chip(bad), chip(bad), chip(60), chip(bad), chip(bad)).fault is None


@pytest.mark.parametrize(("bad", "kind"), BAD_TEMPERATURES)
def test_one_bad_temperature_turns_the_fan_up(bad: float, kind: FaultKind) -> None:
    assert judge(chip(30), chip(bad)).fan_percent == 100


def test_different_bad_temperatures_count_together() -> None:
    fault = judge(chip(85), chip(SensorFault.NO_ANSWER), chip(0)).fault
    assert fault is not None


@pytest.mark.parametrize("stopped", [0.0, SensorFault.NO_ANSWER])
def test_a_dead_fan_stops_the_board(stopped: float) -> None:
    fault = judge(fan(stopped), fan(stopped), fan(stopped)).fault
    assert fault is not None
    assert fault.kind is FaultKind.FAN_STOPPED
    assert judge(fan(stopped), fan(stopped), fan(3000)).fault is None


@pytest.mark.parametrize(
    "bit",
    [Status.VOUT_OV, Status.IOUT_OC, Status.VIN_UV, Status.TEMPERATURE, Status.VOUT, Status.INPUT],
)
def test_a_regulator_fault_is_critical_at_once(bit: Status) -> None:
    fault = judge(word(float(bit | Status.OFF))).fault
    assert fault is not None
    assert fault.kind is FaultKind.REGULATOR


def test_the_cause_is_named() -> None:
    fault = judge(word(float(Status.VIN_UV | Status.INPUT))).fault
    assert fault is not None
    assert "input under-voltage" in fault.text


@pytest.mark.parametrize("harmless", [0, Status.OFF | Status.POWER_NOT_GOOD, Status.CML])
def test_an_idle_regulator_is_no_fault(harmless: int) -> None:
    assert judge(word(float(harmless))).fault is None


def test_regulator_faults_mean_nothing_before_power() -> None:
    assert judge(word(float(Status.VIN_UV)), powered=False).fault is None


def test_a_status_word_that_stays_away_is_a_fault() -> None:
    gone = word(SensorFault.NO_ANSWER)
    assert judge(gone, gone).fault is None
    assert judge(gone, gone, gone).fault is not None


def test_the_diode_is_ignored_after_reset_release() -> None:
    rules = ThermalRules(LIMITS)
    rules.reset_released(100.0)
    for step in range(5):
        verdict = rules.judge([chip(111)], 100.0 + step * 0.1, powered=True)
        assert verdict == Verdict(100.0)
    assert rules.temperature is None
    assert rules.judge([chip(61)], 100.5, powered=True).fault is None
    assert rules.temperature == 61


def test_the_fan_goes_up_at_once_and_down_late() -> None:
    rules = ThermalRules(LIMITS)
    speeds = [
        rules.judge([chip(t)], 10.0, powered=True).fan_percent for t in (50, 60, 58, 57.5, 56, 60.5)
    ]
    at = [fan_percent(t, LIMITS) for t in (53, 60, 60, 60, 59, 60.5)]
    assert speeds == pytest.approx(at)


@given(st.floats(-50, 200), st.floats(-50, 200))
def test_hotter_never_means_slower(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 35 <= fan_percent(low, LIMITS) <= fan_percent(high, LIMITS) <= 100


def test_full_speed_well_before_the_stop() -> None:
    assert fan_percent(LIMITS.full_at, LIMITS) == 100
    assert LIMITS.full_at < LIMITS.stop_at


def test_an_overheated_board_waits_until_it_is_cool() -> None:
    rules = ThermalRules(LIMITS)
    for _ in range(3):
        rules.judge([chip(90)], 10.0, powered=True)
    rules.judge([chip(70)], 11.0, powered=False)
    assert rules.too_hot_to_start() == "still 70 degC: it is powered below 60 degC"
    rules.judge([chip(59)], 12.0, powered=False)
    assert rules.too_hot_to_start() == ""
    rules.restarted()
    rules.judge([chip(70)], 13.0, powered=True)
    assert rules.too_hot_to_start() == ""


@pytest.mark.parametrize("before", [90.0, SensorFault.OPEN_DIODE, 0.0])
def test_a_board_that_was_stopped_for_its_heat_has_to_show_a_temperature(
    before: float | SensorFault,
) -> None:
    rules = ThermalRules(LIMITS)
    for _ in range(3):
        rules.judge([chip(before)], 10.0, powered=True)
    rules.judge([chip(SensorFault.OPEN_DIODE)], 11.0, powered=False)
    assert rules.too_hot_to_start() == "no temperature: it is powered below 60 degC"
    rules.judge([chip(30)], 12.0, powered=False)
    assert rules.too_hot_to_start() == ""


def test_a_board_that_was_never_stopped_may_start_without_one() -> None:
    rules = ThermalRules(LIMITS)
    rules.judge([chip(SensorFault.OPEN_DIODE)], 11.0, powered=False)
    assert rules.too_hot_to_start() == ""


def test_a_board_that_is_already_warm_may_start() -> None:
    rules = ThermalRules(LIMITS)
    rules.judge([chip(75)], 1.0, powered=False)
    assert rules.too_hot_to_start() == ""


def test_a_restart_forgets_old_counts() -> None:
    rules = ThermalRules(LIMITS)
    rules.judge([chip(90)], 1.0, powered=True)
    rules.judge([chip(90)], 2.0, powered=True)
    rules.restarted()
    assert rules.judge([chip(90)], 3.0, powered=True).fault is None
