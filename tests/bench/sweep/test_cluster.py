import shutil

import pytest

from stampmill.bench.candidates.contest import Plan
from stampmill.bench.sweep import cluster, run
from stampmill.bench.sweep.grid import points
from stampmill.core import native
from stampmill.core.errors import MissingExtraError, StampmillError

QUICK = Plan(rounds=1, seconds=0.001)

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or "sse2" not in {one.name for one in native.kernels({})},
    reason="no compiler, or no SSE2",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Dask's own
def test_each_host_of_a_real_cluster_sweeps_and_goes_on_where_it_ended(tmp_path):
    distributed = pytest.importorskip("distributed", reason="no Dask (extra 'cluster')")
    file, lines = tmp_path / "s.jsonl", []
    wanted = points(["rolled=1", "k=1,2"])
    # All talk TCP; processes of their own would be seconds of importing.
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    ) as local:
        address = local.scheduler_address
        found = cluster.sweep(address, "sse2", wanted, file, QUICK)
        again = cluster.sweep(
            address, "sse2", wanted, file, QUICK, progress=lambda *line: lines.append(line)
        )
    assert [one.failure for one in found] == ["", ""]
    # Two workers of one host: it measures each point once.
    assert {one.host for one in found} == {"127.0.0.1"}
    assert sorted(one.point["k"] for one in run.read(file)) == [1, 2]
    assert again == found
    assert lines == [(2, 2, "on 1 hosts")]


def test_without_dask_the_extra_is_named(monkeypatch, tmp_path):
    def missing(_name):
        raise ModuleNotFoundError

    monkeypatch.setattr(cluster.importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r"stampmill\[cluster\]"):
        cluster.sweep("tcp://x", "sse2", points(["k=1"]), tmp_path / "s", QUICK)


def test_a_cluster_that_is_not_there_is_one_line(monkeypatch, tmp_path):
    pytest.importorskip("distributed", reason="no Dask (extra 'cluster')")
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.2)
    with pytest.raises(StampmillError, match="no Dask cluster at tcp://127.0.0.1:1: "):
        cluster.sweep("tcp://127.0.0.1:1", "sse2", points(["k=1"]), tmp_path / "s", QUICK)
