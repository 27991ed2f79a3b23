from stampmill.core.board_report import (
    BoardReading,
    BoardReport,
    BoardTemperature,
    ChipReport,
    MeasuredRate,
)
from stampmill.core.cli.boards import board_json, board_lines
from stampmill.core.cli.report import hashrate

COUNTS = (("duplicate", 2), ("hardware error", 1), ("unknown job", 0))
MEASURED = MeasuredRate(1.0e12, 0.9e12, 1.1e12)


def report(**changes: object) -> BoardReport:
    chips = (
        ChipReport(0, 1.07e12, MEASURED, 40, COUNTS),
        ChipReport(None, 0.0, MeasuredRate(0, 0, 0), 0, (("duplicate", 1),)),
    )
    fields: dict[str, object] = {
        "name": "/dev/ttyACM1",
        "kind": "BM1370 x 1",
        "serial_number": "ab12",
        "working": True,
        "mhz": 525.0,
        "ticket_difficulty": 255.996,
        "expected": 1.07e12,
        "measured": MEASURED,
        "chips": chips,
        "temperatures": (BoardTemperature("chip", 61.4),),
        "readings": (BoardReading("rpm", "fan", 3400.0),),
        "line": (("discarded bytes", 7), ("recoveries", 0)),
    }
    return BoardReport(**(fields | changes))  # type: ignore[arg-type]


def test_programs_get_every_counter_of_every_chip() -> None:
    told = board_json(report())
    assert told["chips"][0] | {"measured": None} == {
        "chip": 0, "expected": 1.07e12, "measured": None, "nonces": 40,
        "duplicate": 2, "hardware_error": 1, "unknown_job": 0,
    }  # fmt: skip
    assert told["chips"][1]["chip"] is None
    assert told["line"] == {"discarded_bytes": 7, "recoveries": 0}
    assert told["temperatures"] == {"chip": 61.4}
    assert told["readings"] == [{"unit": "rpm", "place": "fan", "value": 3400.0}]
    assert told["measured"] == {"rate": 1.0e12, "low": 0.9e12, "high": 1.1e12}


def test_people_see_the_rate_and_what_went_wrong_only() -> None:
    head, more = board_lines(report(), hashrate)
    assert head.endswith("BM1370 x 1 at 525 MHz, 900.00 GH/s to 1.10 TH/s of 1.07 TH/s expected")
    assert more.strip() == "chip 61 C, 3 duplicate, 1 hardware error, 7 discarded bytes"


def test_a_board_without_trouble_takes_one_line() -> None:
    assert len(board_lines(report(chips=(), temperatures=(), line=()), hashrate)) == 1
