"""Every kind of board at every fault that it can have: the driver's contract, in virtual time.

`stampmill bench boards --only faults` runs the same for longer, and tells the times.
"""

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


ALIKE = {"gekko-a2", "gekko-f", "bitaxe-hex", "bitaxe-turbo"}
"""Their data lines are those of other kinds: what is wrong there all the time, these stand for."""
KINDS = [kind for kind in matrix.KIND_NAMES if kind not in ALIKE]


def nothing_is_wrong_or_lost(cell: matrix.Cell) -> None:
    assert (cell.wrong, cell.uncounted) == (0, 0), cell
    assert cell.shares > 0, cell


@pytest.mark.parametrize("fault", matrix.STEADY)
def test_a_lasting_fault_costs_what_is_counted_and_no_more(fault):
    cells = matrix.run(fault, seconds=6.0, kinds=KINDS)
    assert len(cells) >= 2
    for cell in cells:
        nothing_is_wrong_or_lost(cell)
    name = fault.partition(":")[0]
    assert sum(cell.injected for cell in cells) > 0 or name in UNCOUNTED


@pytest.mark.parametrize("fault", [*matrix.STRIKES, matrix.UNPLUG])
def test_after_a_sudden_fault_every_kind_comes_back(fault):
    for cell in matrix.run(fault):
        nothing_is_wrong_or_lost(cell)
        assert cell.injected == 1
        assert cell.recovery < RECOVERED, cell


@pytest.mark.parametrize("fault", matrix.POWER)
def test_a_fault_of_power_or_cooling_stops_the_chips_and_the_board_comes_back(fault):
    for cell in matrix.run(fault):
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
