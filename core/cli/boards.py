"""Boards in reports: chip by chip for programs, in a line or two for people."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from stampmill.core.board_report import BoardReport, ChipReport, MeasuredRate


def board_json(board: BoardReport) -> dict[str, Any]:
    """Return the object that stands for a board in `--json`. Rates are hashes per second."""
    return {
        "kind": board.kind,
        "serial_number": board.serial_number,
        "working": board.working,
        "mhz": board.mhz,
        "ticket_difficulty": board.ticket_difficulty,
        "expected": board.expected,
        "measured": _measured(board.measured),
        "temperatures": {one.place: one.celsius for one in board.temperatures},
        "readings": [asdict(reading) for reading in board.readings],
        "line": _named(board.line),
        "chips": [_chip(chip) for chip in board.chips],
    }


def board_lines(board: BoardReport, hashrate: Callable[[float], str]) -> list[str]:
    """Return what the summary says of a board: its rate, and only those counters that count."""
    measured = board.measured
    head = (
        f"  board    {board.name}: {board.kind} at {board.mhz:g} MHz, "
        f"{hashrate(measured.low)} to {hashrate(measured.high)} "
        f"of {hashrate(board.expected)} expected"
    )
    counts = Counter[str]()
    for chip in board.chips:
        counts.update(dict(chip.counts))
    troubles = [f"{count} {name}" for name, count in (*counts.items(), *board.line) if count]
    warmth = [f"{one.place} {one.celsius:.0f} C" for one in board.temperatures]
    more = ", ".join((*warmth, *troubles))
    return [head, f"           {more}"] if more else [head]


def _chip(chip: ChipReport) -> dict[str, Any]:
    return {
        "chip": chip.index,
        "expected": chip.expected,
        "measured": _measured(chip.measured),
        "nonces": chip.nonces,
        **_named(chip.counts),
    }


def _measured(measured: MeasuredRate) -> dict[str, float]:
    return {"rate": measured.rate, "low": measured.low, "high": measured.high}


def _named(counts: tuple[tuple[str, int], ...]) -> dict[str, int]:
    return {name.replace(" ", "_"): count for name, count in counts}
