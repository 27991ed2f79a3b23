"""What becomes of every kind of board at every fault, as targets and a table of recovery times."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from stampmill.bench.boards import matrix
from stampmill.bench.boards.matrix import Cell
from stampmill.bench.pipeline.targets import Bound, Finding, Outcome, Target

WRONG = Target("boards-faults-wrong", "wrong shares, all kinds and faults", 0, "")
UNCOUNTED = Target("boards-faults-uncounted", "nonces that no counter has", 0, "")
BACK = Target("boards-faults-back", "boards that mine again", 1.0, "", Bound.AT_LEAST)
RECOVERY = Target("boards-faults-recovery", "longest recovery from a sudden fault", 60.0, "s")
STOPPED = Target("boards-faults-stopped", "latest stop for heat, fan or regulator", 12.0, "s")

TARGETS = (WRONG, UNCOUNTED, BACK, RECOVERY, STOPPED)


def measure(
    faults: Sequence[str] = (*matrix.STEADY, *matrix.SUDDEN),
    kinds: Sequence[str] = matrix.KIND_NAMES,
) -> Finding:
    """Run the matrix, in virtual time; its recovery times are in the facts of one outcome."""
    cells = [cell for fault in faults for cell in matrix.run(fault, kinds=kinds)]
    sudden = [cell for cell in cells if cell.fault in matrix.SUDDEN]
    stops = [cell.stopped_after for cell in cells if cell.stopped_after is not None]
    pairs = f"{len(cells)} pairs of kind and fault"
    back = sum(cell.shares > 0 and cell.recovery < float("inf") for cell in cells)
    return Finding(
        [
            Outcome(WRONG, sum(cell.wrong for cell in cells), f"{_shares(cells)} shares, {pairs}"),
            Outcome(UNCOUNTED, sum(cell.uncounted for cell in cells), pairs),
            Outcome(BACK, back / len(cells), pairs, {"cells": [asdict(cell) for cell in cells]}),
            Outcome(RECOVERY, max((c.recovery for c in sudden), default=None), _table(sudden)),
            Outcome(STOPPED, max(stops, default=None), f"{len(stops)} stops"),
        ]
    )


def _shares(cells: Iterable[Cell]) -> int:
    return sum(cell.shares for cell in cells)


def _table(cells: Sequence[Cell]) -> str:
    """Return each fault with the shortest and the longest recovery of the kinds."""
    return ", ".join(f"{fault} {_span(cells, fault)}" for fault in dict.fromkeys(_faults(cells)))


def _faults(cells: Iterable[Cell]) -> Iterable[str]:
    return (cell.fault for cell in cells)


def _span(cells: Iterable[Cell], fault: str) -> str:
    times = [cell.recovery for cell in cells if cell.fault == fault]
    return f"{min(times):.1f}-{max(times):.1f} s"
