"""How stretches of being watched are told apart; the mining itself runs in `test_parts`."""

import threading
from itertools import pairwise

from stampmill.bench import catalogue
from stampmill.bench.processes import watched
from stampmill.bench.processes.watched import MODES


def test_hashes_are_set_beside_the_cpu_time_of_the_same_scans():
    """A scan lasts for up to a tenth of a second: begun before a stretch, it ends in it."""
    kernel = watched._Counted(catalogue.best())
    thread = threading.get_ident()
    kernel.scans[thread] = watched._Done(100, 1.0)
    begun = watched._Mark(kernel)
    kernel.scans[thread] = watched._Done(300, 1.5)
    stretch = begun.until(watched._Mark(kernel), "alone", [], [])
    assert (stretch.hashes, stretch.scanning, stretch.threads) == (200, 0.5, 1)


def test_a_thread_that_began_to_scan_in_a_stretch_counts_from_its_beginning():
    kernel = watched._Counted(catalogue.best())
    begun = watched._Mark(kernel)
    kernel.scans[threading.get_ident()] = watched._Done(300, 1.5)
    stretch = begun.until(watched._Mark(kernel), "alone", [], [])
    assert (stretch.hashes, stretch.scanning) == (300, 1.5)


def test_no_mode_is_always_measured_after_the_same_other_one():
    orders = [watched._order(MODES, number) for number in range(len(MODES))]
    assert all(sorted(order) == sorted(MODES) for order in orders)
    before = {mode: set[str]() for mode in MODES}
    for earlier, mode in pairwise(mode for order in orders for mode in order):
        before[mode].add(earlier)
    assert all(len(others - {mode}) > 1 for mode, others in before.items())
