import pytest

from stampmill.bench.host import clock, limits, sibling
from stampmill.bench.host.limits import CORES
from stampmill.bench.host.sibling import Probe
from stampmill.core import native

needs_extension = pytest.mark.skipif(
    not native.available(), reason=native.why_unavailable() or "built"
)
GOLDEN_COVE = next(core for core in CORES if core.name.startswith("Golden Cove"))


@needs_extension
def test_independent_additions_overtake_a_chain_of_them():
    best = max(sibling.probe().additions for _ in range(50))
    assert 1.2 < best < 12  # from two adders beside a busy neighbour to more than there are


def test_a_probe_is_additions_in_a_cycle(monkeypatch):
    monkeypatch.setattr(clock, "cycle_seconds", lambda _tries: 5e-10)
    times = iter([9.0, sibling._ADDITIONS * 1e-10])
    monkeypatch.setattr(sibling, "_timed", lambda: next(times))
    assert sibling.probe() == (5e-10, pytest.approx(1e-10))
    assert Probe(5e-10, 1e-10).additions == pytest.approx(5)


def test_a_cycle_that_was_held_up_once_counts_for_none():
    probes = [Probe(5e-10, 1e-10)] * 4 + [Probe(9e-10, 2e-10)] + [Probe(6e-10, 1e-10)] * 5
    steady = sibling.steadied(probes)
    assert [probe.cycle_seconds for probe in steady] == [5e-10] * 4 + [6e-10] * 6
    assert steady[4].additions == pytest.approx(3)


def test_without_the_extension_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)
    assert sibling.probe() is None


def test_a_known_core_is_shared_by_what_it_could_do_however_long_it_was():
    assert sibling.least_alone([2.5] * 100, GOLDEN_COVE) == pytest.approx(4.25)


def test_an_unknown_core_is_shared_by_the_best_that_was_seen_of_it():
    seen = [2.5] * 80 + [4.0] * 19 + [9.9]  # the last one: something held up the chain of the cycle
    assert sibling.least_alone(seen, None) == pytest.approx(3.4)


def test_every_core_can_begin_some_additions():
    assert {core.adders for core in limits.CORES} <= set(range(2, 9))
