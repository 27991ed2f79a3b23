"""Whose time counts: a kernel may have its work done by threads of its own, or by no CPU at all."""

import threading
import time

import pytest

from stampmill.bench.candidates import child
from stampmill.bench.candidates.load import Loaded
from stampmill.bench.candidates.provenance import provenance
from stampmill.bench.candidates.spec import parse
from stampmill.bench.meter import Meter
from stampmill.core.backends.numba_cpu import NumbaKernel
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.scan import ScanRequest
from tests.core.backends.opencl.simulated import device

REQUEST = ScanRequest(bytes(76), (1,), 0, 3000, 0)


class Delegating(ReferenceKernel):
    """Has another thread do the work, as an OpenCL runtime for CPUs does."""

    worked = 0.0

    def scan(self, request, cancel):
        results = []

        def work():
            begun = time.thread_time()
            results.append(ReferenceKernel.scan(self, request, cancel))
            self.worked += time.thread_time() - begun

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return results[0]


@pytest.mark.parametrize("is_cpu", [True, False])
def test_the_work_of_other_threads_counts(is_cpu):
    loaded = Loaded(Delegating(), device(is_cpu=is_cpu, is_gpu=False))
    with Meter(child._timer(loaded)) as meter:
        sample, _ = meter.scan(loaded.kernel, REQUEST)
    assert sample.cpu_seconds >= loaded.kernel.worked > 0.0
    assert loaded.by_clock is not is_cpu


def test_only_the_clock_times_what_no_cpu_does():
    timers = [child._timer(Loaded(ReferenceKernel(), one)) for one in (None, device(is_cpu=True))]
    assert timers == [time.process_time] * 2
    assert child._timer(Loaded(ReferenceKernel(), device())) is time.perf_counter


def test_numba_is_named_though_its_code_was_kept_and_it_is_not_imported(monkeypatch):
    monkeypatch.delitem(child.sys.modules, "numba", raising=False)
    kept = NumbaKernel.__new__(NumbaKernel)
    made_by = provenance(parse("numba"), kept)["compiler"]
    assert made_by.startswith("Python 3.")
    assert "numba " in made_by
    assert "llvmlite " in made_by
    assert "numba" not in provenance(parse("reference"), ReferenceKernel())["compiler"]
