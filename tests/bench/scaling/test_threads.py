import json

import pytest

from stampmill.bench.candidates import load
from stampmill.bench.candidates.load import Loaded
from stampmill.bench.host.machine import usable_cpus
from stampmill.bench.output import plots
from stampmill.bench.scaling import threads
from stampmill.bench.scaling.threads import Plan, Row
from stampmill.core.backends.reference import ReferenceKernel
from stampmill.core.cli.main import main
from stampmill.core.errors import ExitCode, UsageError
from tests.core.backends.opencl.simulated import device

QUICK = ["--kernel", "reference", "--rounds", "1", "--seconds", "0.2"]


def test_every_number_of_cpus_is_measured(capsys):
    assert main(["bench", "threads", *QUICK, "--json"]) == ExitCode.DONE
    benchmarks = json.loads(capsys.readouterr().out)["benchmarks"]
    assert [one["params"]["threads"] for one in benchmarks] == [
        *range(1, len(usable_cpus()) + 1)
    ]  # fmt: skip
    assert all(one["extra_info"]["hashes_per_second"] > 0 for one in benchmarks)


def test_the_table_tells_how_far_threads_add_up():
    one = Row("k", 1, [1e6] * 11, [2e-9])
    four = Row("k", 4, [3e6] * 11, [1e-9])
    assert threads.rows([one, four]) == [
        ["1", "1.00", "0.0%", "100.0%", "2.00"],
        ["4", "3.00", "0.0%", "75.0%", "1.00"],
    ]
    assert not any("energy" in line for line in threads.remarks([one, four]))
    assert any("RAPL" in line for line in threads.remarks([Row("k", 1, [1.0])]))


def test_the_plot_of_threads_is_drawn_from_the_record():
    record = threads.as_document([Row("k", 1, [1e6]), Row("k", 2, [2e6])])
    assert plots._scaled(record["benchmarks"]) == {"k": [(1, 1e6), (2, 2e6)]}


def test_a_device_of_opencl_has_threads_of_its_own(monkeypatch):
    loaded = Loaded(ReferenceKernel(), device())
    monkeypatch.setattr(load, "load", lambda _spec: loaded)
    with pytest.raises(UsageError, match="opencl:0 is an OpenCL device's, which has threads of"):
        threads.child({"kernel": "opencl:0", "cpus": usable_cpus(), "seconds": 1.0})


def test_more_threads_than_cpus_are_a_mistake():
    with pytest.raises(UsageError, match="no 9999 threads: this process has"):
        threads.measure(Plan("reference", [1, 9999]))
