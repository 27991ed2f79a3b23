import pytest

from stampmill.bench import meter, timing
from stampmill.bench.host import clock
from stampmill.bench.host.counters import CountersUnavailableError
from stampmill.bench.host.machine import usable_cpus
from stampmill.bench.timing import Case
from stampmill.core import native
from stampmill.core.backends.reference import ReferenceKernel

needs_extension = pytest.mark.skipif(
    not native.available(), reason=native.why_unavailable() or "built"
)


@needs_extension
def test_a_cycle_is_a_fraction_of_a_nanosecond():
    # From a slow emulated core to faster than any that exists.
    assert 1e-10 < clock.cycle_seconds() < 1e-8


@needs_extension
def test_additions_wait_for_each_other(monkeypatch):
    short = min(clock._timed() for _ in range(20))
    monkeypatch.setattr(clock, "_ADDITIONS", 8 * clock._ADDITIONS)
    assert 5 < min(clock._timed() for _ in range(20)) / short < 12


def test_without_the_extension_there_is_no_clock(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)
    assert clock.cycle_seconds() is None


@pytest.mark.parametrize("cycle", [5e-10, None])
def test_without_counters_cycles_are_timed_or_left_out(monkeypatch, cycle):
    monkeypatch.setattr(clock, "cycle_seconds", lambda: cycle)
    monkeypatch.setattr(meter, "Counters", unavailable)
    (measured,) = timing.measure([Case(ReferenceKernel())], 1, 0.001, usable_cpus()[-1])
    assert measured.instructions_per_hash() is None
    if cycle is None:
        assert measured.cycles_per_hash() is None
    else:
        (seconds,), (cycles,) = measured.seconds_per_hash(), measured.cycles_per_hash()
        assert cycles == pytest.approx(seconds / cycle, rel=1e-3)


def unavailable(_events):
    raise CountersUnavailableError("none here")
