import pytest

from stampmill.core.backends.asic.control import tps546
from stampmill.core.backends.asic.control.profile import reset_step
from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.backends.asic.guardian import keeper
from stampmill.core.backends.asic.guardian.line import LineError
from stampmill.core.backends.asic.guardian.messages import (
    Beat,
    Choose,
    Done,
    Lost,
    Order,
    PowerUp,
    Ready,
    Refused,
    Reset,
    Sensors,
    SetVolts,
    Stage,
    Stop,
    Stopped,
)
from stampmill.core.backends.asic.guardian.pipe import MinerGoneError
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.emulator.peripherals.faults import PowerFault
from tests.core.backends.asic.guardian.bench import Bench

MINING: tuple[tuple[float, Order], ...] = (
    (0, PowerUp(1)),
    (0, Choose(2, 0x1370)),
    (0, Reset(3, True)),
)
"""Up in about 1.8 s, hashing from then on."""
UP_SECONDS = 3.0


def safe(bench: Bench) -> bool:
    return bench.board.is_cold and bench.board.fan_percent == 100


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("kind", ["bitaxe", "emberone"])
def test_brings_a_board_up_and_leaves_it_cold_when_the_miner_ends(
    kind: str, variant: Variant
) -> None:
    bench = Bench((0, PowerUp(1)), (0, Reset(2, True)), kind=kind, seconds=20, variant=variant)
    awake: list[bool] = []
    bench.at(10, lambda: awake.append(bench.board.chips_awake))
    assert bench.run() == "the miner has ended"
    assert awake == [True]
    assert bench.miner.of(Ready)[0].variant == variant.value
    assert [report.id for report in bench.miner.of(Done)] == [1, 2]
    assert bench.miner.of(Refused) == []
    assert safe(bench)
    assert bench.board.violations == []


def test_tells_each_stage_of_the_bring_up() -> None:
    bench = Bench((0, PowerUp(1)), seconds=5)
    bench.run()
    assert [stage.name for stage in bench.miner.of(Stage)] == [
        "reset low",
        "I2C",
        "fan",
        "regulator",
        "regulator limits",
        "core voltage",
        "settle",
    ]


@pytest.mark.parametrize("kind", ["bitaxe", "emberone"])
def test_a_miner_that_ends_at_any_step_leaves_the_board_cold(kind: str) -> None:
    """One run for each place at which the keeper looks for its miner, from the first to hashing."""
    steps = 0
    while True:
        bench = Bench((0, PowerUp(1)), (0, Reset(2, True)), kind=kind, seconds=8)
        left = steps

        def gone(bench: Bench = bench) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise MinerGoneError("killed")

        bench.miner.before_pause = gone
        reason = bench.run()
        assert safe(bench), steps
        assert bench.board.violations == []
        steps += 1
        if reason != "killed":
            break
    assert steps > (30 if kind == "bitaxe" else 8)


def test_a_board_found_running_is_reset_before_anything_else() -> None:
    bench = Bench(*MINING, seconds=5)
    bench.run()
    board = bench.board
    other = Bench((0, Beat()), seconds=1)
    other.line.board = other.board = board
    board.power.bus[tps546.ADDRESS].write(b"\x01\x80")
    board.feed(bytes.fromhex("07000700060001"), other.clock.now)
    assert board.chips_awake
    board.violations.clear()
    other.run()
    assert board.is_cold
    assert board.violations == []


def test_a_stop_in_order_leaves_the_fan_slow() -> None:
    bench = Bench(*MINING, (10, Stop(9)), seconds=15)
    bench.run()
    assert bench.board.is_cold
    assert bench.board.fan_percent == pytest.approx(25, abs=2)


def test_the_fan_follows_the_temperature() -> None:
    bench = Bench(*MINING, seconds=120)
    percents: list[float] = []
    bench.at(UP_SECONDS, lambda: bench.board.set_load(1.0, bench.clock.now))
    for seconds in (2, 30, 60, 110):
        bench.at(seconds, lambda: percents.append(bench.board.fan_percent))
    bench.run()
    assert percents[0] == 100
    assert 35 <= percents[1] < percents[2] <= 100
    assert bench.miner.of(Stopped) == []
    assert 55 < bench.miner.of(Sensors)[-1].values["chip temperature"] < 75


BAD_SENSORS = [
    (PowerFault.HOT_SENSOR, "overheated"),
    (PowerFault.OPEN_DIODE, "no temperature"),
    (PowerFault.SHORTED_DIODE, "no temperature"),
    (PowerFault.ZERO_TEMPERATURE, "no temperature"),
    (PowerFault.NEGATIVE_TEMPERATURE, "no temperature"),
    (PowerFault.STUCK_FAN, "fan stopped"),
    (PowerFault.ZERO_DATA, "no temperature"),
]


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize(("fault", "kind"), BAD_SENSORS)
def test_a_bad_sensor_ends_hashing_within_its_time(
    fault: PowerFault, kind: str, variant: Variant
) -> None:
    bench = Bench(*MINING, seconds=40, variant=variant)
    bench.at(20, lambda: bench.board.faults.add(fault))
    asleep: list[bool] = []
    bench.at(20 + 6.5, lambda: asleep.append(not bench.board.chips_awake))
    bench.run()
    assert asleep == [True]
    [stopped] = bench.miner.of(Stopped)
    assert (stopped.kind, stopped.cold) == (kind, True)
    assert safe(bench)
    assert bench.board.violations == []


@pytest.mark.parametrize("fault", [PowerFault.OVER_CURRENT, PowerFault.UNDER_VOLTAGE])
def test_a_regulator_fault_stops_with_the_next_reading(fault: PowerFault) -> None:
    bench = Bench(*MINING, seconds=40)
    bench.at(20, lambda: bench.board.faults.add(fault))
    held: list[bool] = []
    bench.at(20 + 2.5, lambda: held.append(not bench.board.reset_high))
    bench.run()
    assert held == [True]
    [stopped] = bench.miner.of(Stopped)
    assert stopped.kind == "regulator"


@pytest.mark.parametrize("fault", [PowerFault.NAK, PowerFault.TIMEOUT])
def test_a_dead_bus_puts_reset_low_and_keeps_asking_for_the_rest(fault: PowerFault) -> None:
    bench = Bench(*MINING, seconds=80)
    bench.at(20, lambda: bench.board.faults.add(fault))
    held: list[bool] = []
    bench.at(28, lambda: held.append(not bench.board.reset_high))
    bench.at(45, bench.board.faults.clear)
    bench.run()
    assert held == [True]
    assert safe(bench)
    [stopped] = bench.miner.of(Stopped)
    assert stopped.cold


def test_what_cannot_be_made_cold_is_said_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "COLD_SECONDS", 60.0)
    bench = Bench(*MINING, seconds=60 + 60)
    bench.at(20, lambda: bench.board.faults.add(PowerFault.NAK))
    bench.at(60 + 40, bench.board.faults.clear)
    bench.run()
    [stopped] = bench.miner.of(Stopped)
    assert not stopped.cold
    assert safe(bench)


def test_an_overheated_board_is_not_powered_before_it_is_cool() -> None:
    bench = Bench(*MINING, (40, PowerUp(7)), (90, PowerUp(8)), seconds=100)
    bench.at(20, lambda: bench.board.faults.add(PowerFault.HOT_SENSOR))
    bench.at(80, bench.board.faults.clear)
    bench.run()
    [refused] = bench.miner.of(Refused)
    assert refused.id == 7
    assert refused.text == "still 95 degC: it is powered below 60 degC"
    assert 8 in [done.id for done in bench.miner.of(Done)]


def test_a_board_that_an_earlier_guardian_stopped_for_heat_has_to_be_cool() -> None:
    bench = Bench((0, PowerUp(1, was_hot=True)), (60, PowerUp(2, was_hot=True)), seconds=70)
    bench.board.heat.celsius = 75
    bench.run()
    [refused] = bench.miner.of(Refused)
    assert (refused.id, refused.text[-13:]) == (1, "below 60 degC")
    assert [done.id for done in bench.miner.of(Done)] == [2]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (PowerFault.WRONG_FAN_CHIP, "fan controller EMC2101: answers 41, not 5d"),
        (PowerFault.WRONG_REGULATOR, "regulator TPS546: answers 06"),
        (PowerFault.NO_SUPPLY, "input under-voltage (is the board's own supply plugged in?)"),
        (PowerFault.NAK, "fan controller EMC2101: timeout (code 10)"),
        (PowerFault.TIMEOUT, "I2C frequency: nothing"),
        (PowerFault.ZERO_DATA, "fan controller EMC2101: answers 00, not 5d"),
        (PowerFault.HOT_SENSOR, "still 95 degC: it is powered below 80 degC"),
        (PowerFault.STUCK_FAN, "fan: it does not turn; no power without cooling"),
    ],
)
def test_a_bring_up_that_fails_says_why_and_stays_cold(fault: PowerFault, text: str) -> None:
    bench = Bench((0, PowerUp(1)), seconds=30, faults=[fault])
    if fault in {PowerFault.NAK, PowerFault.TIMEOUT}:
        bench.at(20, bench.board.faults.clear)
    bench.run()
    [refused] = bench.miner.of(Refused)
    assert text in refused.text
    assert bench.board.is_cold
    assert bench.board.violations == []


def test_some_lost_replies_stop_nothing() -> None:
    bench = Bench(*MINING, seconds=300, faults=[PowerFault.LOST_REPLY])
    bench.run()
    assert bench.miner.of(Stopped) == []
    assert bench.miner.of(Refused) == []
    assert bench.miner.of(Sensors)[-1].errors > 10
    assert safe(bench)


def test_the_voltage_changes_only_with_reset_low_and_within_the_limits() -> None:
    bench = Bench(
        (0, PowerUp(1)),
        (0, SetVolts(2, 1.2)),
        (0, Choose(3, 0x1370)),
        (0, SetVolts(4, 1.26)),
        (0, SetVolts(5, 0.99)),
        (0, SetVolts(6, 1.2)),
        (0, Reset(7, True)),
        (0, SetVolts(8, 1.1)),
        seconds=10,
    )
    volts: list[float] = []
    bench.at(5, lambda: volts.append(bench.board.volts))
    bench.run()
    refused = {report.id: report.text for report in bench.miner.of(Refused)}
    assert set(refused) == {2, 4, 5, 8}
    assert "bitaxe-gamma takes 1 to 1.25 V" in refused[4]
    assert "reset low" in refused[8]
    assert volts == [pytest.approx(1.2, abs=0.002)]
    assert bench.board.violations == []


def test_a_chip_that_no_such_board_has_is_refused_by_name() -> None:
    bench = Bench((0, PowerUp(1)), (0, Choose(2, 0x1397)), seconds=5)
    bench.run()
    [refused] = bench.miner.of(Refused)
    assert refused.text.startswith("no bitaxe has chip 1397; known are bitaxe-gamma (1370)")


def test_reset_stays_low_without_core_voltage() -> None:
    bench = Bench((0, Reset(1, True)), seconds=3)
    bench.run()
    assert bench.miner.of(Refused)[0].text.startswith("the board has no core voltage")
    assert not bench.board.reset_high


def test_a_port_that_vanishes_is_told() -> None:
    bench = Bench(*MINING, seconds=60)

    def unplug() -> None:
        bench.line.gone = True

    bench.at(10, unplug)
    with pytest.raises(PortGoneError):
        bench.run()
    assert bench.miner.of(Lost)[0].text.startswith("the test's port is gone")


def test_what_does_not_answer_is_told() -> None:
    bench = Bench(seconds=60)
    bench.board.variant = Variant.V0
    bench.board.feed = lambda data, now: b""  # type: ignore[method-assign]
    with pytest.raises(LineError):
        bench.run()
    assert bench.miner.of(Lost)[0].text == "no bitaxe-raw firmware"


def test_a_bug_of_ours_leaves_the_board_cold() -> None:
    bench = Bench(*MINING, seconds=60)

    def broken() -> None:
        raise ZeroDivisionError

    bench.at(10, broken)
    with pytest.raises(ZeroDivisionError):
        bench.run()
    assert safe(bench)


def test_cold_begins_with_reset() -> None:
    bench = Bench(*MINING, seconds=10)
    asked: list[object] = []
    ask = bench.line.ask

    def noting(request: object, seconds: float = 1.0, tries: int = 1) -> bytes:
        if bench.clock.now >= 110:
            asked.append(request)
        return ask(request, seconds, tries)  # type: ignore[arg-type]

    bench.line.ask = noting  # type: ignore[method-assign]
    bench.run()
    assert asked[0] == reset_step(high=False).request
