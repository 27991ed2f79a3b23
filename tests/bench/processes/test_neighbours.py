import os
import subprocess
import sys

import pytest

from stampmill.bench.processes import neighbours
from stampmill.bench.processes.neighbours import Neighbours


class Machine:
    """Two CPUs whose times a test sets."""

    def __init__(self, monkeypatch):
        self.clock = self.busy = self.own = 0.0
        monkeypatch.setattr(neighbours, "_busy_seconds", lambda: self.busy)
        monkeypatch.setattr(neighbours, "_own_seconds", lambda: self.own)
        monkeypatch.setattr(neighbours.time, "monotonic", lambda: self.clock)
        monkeypatch.setattr(neighbours.os, "cpu_count", lambda: 2)


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


@pytest.mark.parametrize(
    ("busy", "own", "share"), [(10.0, 10.0, 0.0), (12.0, 10.0, 0.1), (20.0, 0.0, 1.0)]
)
def test_what_is_not_ours_is_our_neighbours(machine, busy, own, share):
    meter = Neighbours()
    machine.clock, machine.busy, machine.own = 10.0, busy, own
    assert meter.share() == pytest.approx(share)


def test_rounding_never_makes_it_negative(machine):
    meter = Neighbours()
    machine.clock, machine.busy, machine.own = 1.0, 1.99, 2.0
    assert meter.share() == 0.0


def test_a_system_that_does_not_tell_is_no_measurement(machine):
    machine.busy = None
    assert Neighbours().share() is None


def test_ended_children_count_as_ours():
    before = neighbours._own_seconds()
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert neighbours._own_seconds() - before >= 0.15


@pytest.mark.skipif(not os.path.exists("/proc/stat"), reason="needs Linux's /proc/stat")
def test_reads_the_real_machine():
    assert neighbours._busy_seconds() > 0
