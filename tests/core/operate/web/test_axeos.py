import json
import math
from dataclasses import replace

from stampmill.core.board_report import BoardReport, ChipReport, MeasuredRate
from stampmill.core.operate.web import axeos
from stampmill.core.snapshot import DeviceSnapshot, EnergySnapshot, Quantity, Sensor
from tests.core.operate.cgminer.questions import world
from tests.core.snapshots import DEVICE, RATES, SHARES, snapshot


def info(**changed: object) -> dict[str, object]:
    return axeos.system_info(snapshot(**changed), "1.0")


def test_what_readers_insist_on_is_there() -> None:
    """pyasic raises without these."""
    shown = info()
    for key in ("autofanspeed", "fanspeed", "stratumURL", "stratumPort", "stratumUser"):
        assert key in shown, key
    assert (shown["stratumURL"], shown["stratumPort"]) == ("a", 1)
    assert shown["stratumUser"] == "me.rig"


def test_rates_are_in_billions_and_make_out_the_expected_one() -> None:
    shown = axeos.system_info(snapshot(devices=(DEVICE, DEVICE)), "1.0")
    assert shown["hashRate"] == 0.005
    assert shown["expectedHashrate"] == 0.006
    assert (shown["asicCount"], shown["smallCoreCount"], shown["frequency"]) == (2, 1, 3.0)


def test_a_board_is_as_many_chips_at_its_clock() -> None:
    rate = MeasuredRate(5e11, 4e11, 6e11)
    chips = tuple(ChipReport(place, 525e6 * 894, rate, 1, ()) for place in range(2))
    board = BoardReport(
        "b", "bitaxe", None, True, 525.0, 256.0, 2 * 525e6 * 894, rate, chips, (), ()
    )
    clock = Sensor(Quantity.FREQUENCY, "chips", 525e6)
    shown = axeos.system_info(
        snapshot(devices=(replace(DEVICE, board=board, sensors=(clock,)),)), "1.0"
    )
    assert (shown["asicCount"], shown["smallCoreCount"], shown["frequency"]) == (2, 894, 525.0)


def test_what_hashes_is_named_honestly() -> None:
    assert info()["ASICModel"] == "avx512 x1"
    assert axeos.asic(snapshot())["ASICModel"] == "avx512 x1"


def test_sensors_are_told_in_axeos_units() -> None:
    sensors = (
        Sensor(Quantity.TEMPERATURE, "board", 41.0),
        Sensor(Quantity.TEMPERATURE, "chip", 62.5),
        Sensor(Quantity.FREQUENCY, "chips", 525e6),
        Sensor(Quantity.VOLTAGE, "chips", 1.2),
        Sensor(Quantity.FAN, "fan", 4500.0),
        Sensor(Quantity.POWER, "board", 14.5),
    )
    board = DeviceSnapshot("/dev/ttyACM0", "asic", 5, RATES, SHARES, "bm1370", sensors=sensors)
    shown = info(devices=(board, DEVICE))
    assert [shown[key] for key in ("temp", "frequency", "voltage", "fanrpm", "power")] == [
        62.5, 525.0, 1200.0, 4500.0, 14.5,
    ]  # fmt: skip
    assert info(devices=(board,), energy=EnergySnapshot(watts=18.0))["power"] == 18.0


def test_a_run_without_a_job_a_device_or_a_pool_is_told_of_too() -> None:
    shown = info(
        devices=(), pools=(), job=None, job_difficulty=None, network_difficulty=None, kernel=""
    )
    assert (shown["asicCount"], shown["blockHeight"], shown["ASICModel"]) == (1, 0, "none x0")
    json.dumps(shown, allow_nan=False)


def test_no_number_is_none() -> None:
    shown = info(job_difficulty=math.inf, network_difficulty=math.nan)
    json.dumps(shown, allow_nan=False)


def test_rejects_are_told_by_reason_and_the_backup_is_known() -> None:
    rig = world()
    assert rig.run.shot.source.rank == 0
    shown = axeos.system_info(rig.run.shot, "1.0")
    assert (shown["sharesRejected"], shown["isUsingFallbackStratum"]) == (2, 0)
    reasons = info(reject_reasons=(("duplicate", 2),))["sharesRejectedReasons"]
    assert reasons == [{"message": "duplicate", "count": 2}]
