from itertools import pairwise

import pytest

from stampmill.bench import gate, meter, timing
from stampmill.bench.host import sibling
from stampmill.bench.host.counters import CountersUnavailableError
from stampmill.bench.host.sibling import Probe
from stampmill.bench.meter import STRETCHES, Meter
from stampmill.core.backends.reference import ReferenceKernel

NONCES = 2 * STRETCHES - 1
REQUEST = timing.request(2, NONCES)


def unavailable(_events):
    raise CountersUnavailableError("none here")


@pytest.fixture
def _probes(monkeypatch):
    """Each finds an addition more."""
    additions = iter(range(1, 1000))
    monkeypatch.setattr(sibling, "probe", lambda: Probe(5e-10, 5e-10 / next(additions)))
    monkeypatch.setattr(meter, "Counters", unavailable)


@pytest.mark.usefixtures("_probes")
def test_a_core_is_probed_between_all_stretches():
    ticks = iter(range(1000))
    with Meter(lambda: float(next(ticks))) as one:
        sample, hits = one.scan_in_stretches(ReferenceKernel(), REQUEST)
    additions = [stretch.additions for stretch in sample.stretches]
    assert additions == pytest.approx([*range(1, STRETCHES + 1)])
    assert sum(stretch.hashes for stretch in sample.stretches) == 2 * NONCES
    assert {stretch.cycles for stretch in sample.stretches} == {2_000_000_000}
    assert (sample.cpu_seconds, sample.cycles) == (STRETCHES, STRETCHES * 2_000_000_000)
    with Meter() as other:
        assert other.scan(ReferenceKernel(), REQUEST)[1] == hits


@pytest.mark.usefixtures("_probes")
def test_stretches_make_up_the_range_whatever_its_length():
    for nonces in (1, STRETCHES - 1, STRETCHES, STRETCHES + 1):
        parts = [*meter._parts(timing.request(1, nonces))]
        assert parts[0].first == gate.FIRST_NONCE
        assert parts[-1].end == gate.FIRST_NONCE + nonces
        assert all(one.end == two.first for one, two in pairwise(parts))
        assert len(parts) <= STRETCHES


def test_what_cannot_be_probed_is_timed_in_one(monkeypatch):
    monkeypatch.setattr(sibling, "probe", lambda: None)
    with Meter() as one:
        assert one.scan_in_stretches(ReferenceKernel(), REQUEST)[0].stretches == ()
