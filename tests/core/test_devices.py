"""What is known of devices, as a snapshot shows it."""

from stampmill.core.board_report import (
    BoardReading,
    BoardReport,
    BoardTemperature,
    MeasuredRate,
)
from stampmill.core.devices import Devices
from stampmill.core.snapshot import Quantity, Sensor, Shares

from .fakes import MemoryBackend


def test_a_device_that_its_backend_lets_rest_is_held() -> None:
    backend, devices = MemoryBackend(), Devices()
    devices.count(backend, {"a": 1, "b": 1})

    def held() -> list[bool]:
        shots = devices.snapshots(1.0, lambda _key: Shares(), frozenset(), frozenset())
        return [device.held for device in shots]

    devices.rest(backend, {"b"})
    assert held() == [False, True]
    devices.rest(backend, frozenset())
    assert held() == [False, False]


def test_what_a_board_reads_is_shown_as_sensors_with_where_it_is_stopped() -> None:
    backend, devices = MemoryBackend(), Devices()
    devices.count(backend, {"b": 1})
    read = (BoardTemperature("chip", 61.0, 80.0), BoardTemperature("regulator", 70.0))
    report = BoardReport(
        "b", "bitaxe", None, True, 525.0, 256.0, 1e12, MeasuredRate(1e12, 0.0, 2e12), (), read, (),
        (BoardReading("watts", "chips", 14.5),),
    )  # fmt: skip
    devices.report(backend, report)
    (shot,) = devices.snapshots(1.0, lambda _key: Shares(), frozenset(), frozenset())
    assert shot.sensors == (
        Sensor(Quantity.FREQUENCY, "chips", 525e6),
        Sensor(Quantity.TEMPERATURE, "chip", 61.0, 80.0),
        Sensor(Quantity.TEMPERATURE, "regulator", 70.0),
        Sensor(Quantity.POWER, "chips", 14.5),
    )
