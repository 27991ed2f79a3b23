import pytest

from stampmill.core.backends.asic.control import emc2101, emc2103, emc2302, sensors
from stampmill.core.backends.asic.control.gauges import Gauge, Kind, Sample, SensorFault, sample
from stampmill.core.backends.asic.control.requests import GpioGet


@pytest.mark.parametrize(
    ("whole", "fraction", "shown"),
    [
        (0x19, 0x00, 25.0),
        (0x3C, 0x20, 60.125),
        (0x00, 0xE0, 0.875),
        (0xFF, 0x00, -1.0),
        (0x7F, 0x00, SensorFault.OPEN_DIODE),
        (0x7F, 0xE0, SensorFault.SHORTED_DIODE),
        (0x10, 0x10, SensorFault.IMPOSSIBLE),  # two timeouts in the variant without a status
        (0xFF, 0xFF, SensorFault.IMPOSSIBLE),
    ],
)
def test_emc2101_temperature(whole: int, fraction: int, shown: object) -> None:
    assert emc2101.temperature(whole, fraction) == shown


@pytest.mark.parametrize(("percent", "duty"), [(0, 0), (25, 15), (50, 31), (99, 62), (100, 63)])
def test_emc2101_duty_rounds_down(percent: float, duty: int) -> None:
    assert emc2101.duty(percent) == duty


@pytest.mark.parametrize("percent", [-1, 101])
def test_no_fan_runs_beyond_its_range(percent: float) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        emc2101.duty(percent)
    with pytest.raises(ValueError, match="0 to 100"):
        emc2103.duty(percent)
    with pytest.raises(ValueError, match="0 to 100"):
        emc2302.duty(percent)


@pytest.mark.parametrize(
    ("low", "high", "rpm"),
    [(0xEE, 0x02, 7200), (0xFF, 0xFF, 0), (0, 0, 0), (0xFE, 0xFF, 0), (0xA0, 0x8C, 150)],
)
def test_emc2101_rpm(low: int, high: int, rpm: int) -> None:
    assert emc2101.rpm(low, high) == rpm


@pytest.mark.parametrize(
    ("high", "low", "shown"),
    [
        (0x19, 0x20, 25.125),
        (0xFF, 0xE0, -0.125),
        (0x80, 0x00, SensorFault.OPEN_DIODE),
        (0x19, 0x01, SensorFault.IMPOSSIBLE),
    ],
)
def test_emc2103_temperature(high: int, low: int, shown: object) -> None:
    assert emc2103.temperature(high, low) == shown


@pytest.mark.parametrize(
    ("high", "low", "rpm"),
    # 3,932,160 over 13 bits: 0x1000 is 4096 above its three spare bits, so 512.
    [(0x10, 0x00, 7680), (0x0F, 0xF8, 7695), (0xFF, 0xF8, 0), (0, 0, 0), (0xF0, 0x00, 512)],
)
def test_emc2302_rpm(high: int, low: int, rpm: int) -> None:
    assert emc2302.rpm(high, low) == rpm


def test_emc2302_has_a_register_for_each_fan() -> None:
    assert [step.request.data.hex() for step in emc2302.fan_steps(50)] == ["307f", "407f"]
    assert emc2302.of_fan(emc2302.Register.TACH, 1) == 0x4E


def test_emc2103_fan() -> None:
    assert emc2103.duty(50) == 127
    assert emc2103.rpm(0x20, 0x00) == 7680
    assert emc2103.rpm(0xFF, 0xF8) == 0
    assert emc2103.rpm(0, 0) == 0


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (b"\x19\x80", 25.5),
        (b"\xff\xf0", -0.0625),
        (b"\x19\x81", SensorFault.IMPOSSIBLE),
        (b"\x19", SensorFault.IMPOSSIBLE),
    ],
)
def test_tmp1075_temperature(word: bytes, shown: object) -> None:
    assert sensors.tmp1075_temperature(word) == shown


@pytest.mark.parametrize(
    ("registers", "shown"),
    [
        ((60, 0x40, 0), 60.25),
        ((60, 0x40, 0x04), SensorFault.OPEN_DIODE),
        ((60, 0x41, 0), SensorFault.IMPOSSIBLE),
    ],
)
def test_tmp451_temperature(registers: tuple[int, int, int], shown: object) -> None:
    assert sensors.tmp451_temperature(*registers) == shown


def test_a_missing_answer_is_never_a_number() -> None:
    gauge = Gauge("t", Kind.CHIP, (GpioGet(0), GpioGet(1)), lambda data: float(data[0][0]))
    assert sample(gauge, [b"\x19", None]) == Sample("t", Kind.CHIP, SensorFault.NO_ANSWER)
    assert sample(gauge, [b"", b""]) == Sample("t", Kind.CHIP, SensorFault.IMPOSSIBLE)
    assert sample(gauge, [b"\x19", b""]) == Sample("t", Kind.CHIP, 25.0)
