"""Every fault and every kind of board: the driver's contract, in virtual time.

Each fault at a few kinds in turns; `stampmill bench boards --only faults` runs each at all that can
have it, for longer, and tells the times.
"""

from collections import Counter
from collections.abc import Sequence

import pytest

from stampmill.bench.boards import matrix
from stampmill.core import native
from stampmill.core.emulator.faults.catalogue import Name
from stampmill.core.emulator.peripherals.faults import PowerFault

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")

UNCOUNTED = {"split-reads", "random-reads", "usb-packets", "garbage-at-start", "low-difficulty",
             "silent-chip", "dead-chip"}  # fmt: skip
"""They happen all the time, so that nobody counts how often."""
HARMLESS = {"lost-reply", "wrong-fan-chip", "wrong-regulator"}
"""Either borne, or looked at in the bring-up alone."""
ELSEWHERE = {"wrong-chip", "baud-mismatch", "wide-rolling"}
"""Matter only to what is asked of a board otherwise: test_driver_at_faults.py."""

RECOVERED = 40.0
# Three readings two seconds apart, and a margin of one. An EmberOne's fans have no tachometer: that
# one of them stands still shows by the heat.
STOPPED = 7.0
SEEN_BY_HEAT = ("emberone", "stuck-fan")


def in_turns(faults: Sequence[str], count: int) -> dict[str, list[str]]:
    """Return so many kinds for each fault, of those that have had the fewest until then."""
    had: Counter[str] = Counter()
    kinds = {}
    for fault in faults:
        able = [kind for kind in matrix.KIND_NAMES if matrix.possible(kind, fault)]
        kinds[fault] = sorted(able, key=had.__getitem__)[:count]
        had.update(kinds[fault])
    return kinds


STEADY = in_turns(matrix.STEADY, 3)
STRIKES = in_turns([*matrix.STRIKES, matrix.UNPLUG], 5)
POWER = in_turns(matrix.POWER, 1) | {"stuck-fan": ["bitaxe-gamma", "emberone"]}


def nothing_is_wrong_or_lost(cell: matrix.Cell) -> None:
    assert (cell.wrong, cell.uncounted) == (0, 0), cell
    assert cell.shares > 0, cell


@pytest.mark.parametrize("fault", STEADY)
def test_a_lasting_fault_costs_what_is_counted_and_no_more(fault):
    cells = matrix.run(fault, seconds=6.0, kinds=STEADY[fault])
    assert len(cells) == 3
    for cell in cells:
        nothing_is_wrong_or_lost(cell)
    name = fault.partition(":")[0]
    assert sum(cell.injected for cell in cells) > 0 or name in UNCOUNTED


@pytest.mark.parametrize("fault", STRIKES)
def test_after_a_sudden_fault_a_board_comes_back(fault):
    for cell in matrix.run(fault, kinds=STRIKES[fault]):
        nothing_is_wrong_or_lost(cell)
        assert cell.injected == 1
        assert cell.recovery < RECOVERED, cell


@pytest.mark.parametrize("fault", POWER)
def test_a_fault_of_power_or_cooling_stops_the_chips_and_the_board_comes_back(fault):
    for cell in matrix.run(fault, kinds=POWER[fault]):
        nothing_is_wrong_or_lost(cell)
        assert cell.recovery < RECOVERED, cell
        if fault in HARMLESS:
            assert (cell.stopped_after, cell.recoveries) == (None, 0), cell
        else:
            assert cell.stopped_after is not None, cell
            assert cell.stopped_after < STOPPED or (cell.kind, fault) == SEEN_BY_HEAT, cell


def test_no_fault_and_no_kind_is_left_out():
    names = {fault.partition(":")[0] for fault in (*matrix.STEADY, *matrix.SUDDEN)}
    assert names | ELSEWHERE == {one.value for one in (*Name, *PowerFault)}
    of_all = [kind for kinds in STEADY.values() for kind in kinds]
    assert min(map(of_all.count, matrix.KIND_NAMES)) >= 3
    struck = [kind for kinds in STRIKES.values() for kind in kinds]
    assert set(struck) == set(matrix.KIND_NAMES)
    guarded = [kind for kind in matrix.KIND_NAMES if matrix.possible(kind, "hot-sensor")]
    powered = [kind for kinds in POWER.values() for kind in kinds]
    assert min(map(powered.count, guarded)) >= 3
    for kind in matrix.KIND_NAMES:
        assert sum(matrix.possible(kind, fault) for fault in matrix.STEADY) >= 8
        assert all(matrix.possible(kind, fault) for fault in ("stall", "brown-out", "unplug"))


def test_a_share_sent_twice_or_of_no_work_would_show():
    (cell,) = matrix.run("split-reads", 3.0, ["bm1370"])
    assert (cell.shares > 0, cell.wrong) == (True, 0)
    world = matrix.mine(matrix._plan(3.0), matrix._options("bm1370"))
    shares = world.source.shares
    shares.append(shares[0])
    assert matrix._wrong(world, world.seats[0]) == 1
