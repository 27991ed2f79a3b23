"""What the doctor says of a machine, of pools that are real servers, and of rates."""

import asyncio
import socket

import pytest

from stampmill.core.backends.info import BackendInfo, KernelInfo
from stampmill.core.cli.doctor import machine
from stampmill.core.cli.doctor.finding import Finding, Grade
from stampmill.core.cli.doctor.pools import ask_pools
from stampmill.core.cli.doctor.rate import judge
from stampmill.core.settings import MineSettings, PoolSettings, RetryPolicy, SurfaceSettings
from stampmill.pool.client import StratumSource
from stampmill.pool.server.embedded import EmbeddedPool
from stampmill.pool.server.options import PoolOptions

CPU = BackendInfo("cpu", "C", kernels=(KernelInfo("avx2", ""), KernelInfo("neon", "", "not ARM")))
NO_CPU = BackendInfo("cpu", "C", "no extension")
NUMBA = BackendInfo("numba", "LLVM")


@pytest.mark.parametrize(
    ("backends", "grade", "text"),
    [
        ((CPU, NUMBA), Grade.WELL, "avx2"),
        ((NO_CPU, NUMBA), Grade.DOUBTFUL, "no extension; Numba's is used"),
        ((NO_CPU,), Grade.BAD, "a thousand times slower"),
    ],
)
def test_kernels(backends, grade, text):
    (finding,) = machine.kernels(backends)
    assert finding.grade is grade
    assert text in finding.text
    assert bool(finding.cure) is (grade is not Grade.WELL)


def test_without_a_compiler_that_is_the_first_thing_to_get(monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda _name: None)
    (finding,) = machine.kernels([NO_CPU])
    assert finding.cure.startswith("install a C compiler")


def test_a_port_that_is_taken_is_told_with_its_holder():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = MineSettings(surfaces=SurfaceSettings(f"127.0.0.1:{port}"))
        (finding,) = machine.ports(settings)
        assert finding.grade is Grade.BAD
        assert f"127.0.0.1:{port} is in use" in finding.text
    (finding,) = machine.ports(settings)
    assert finding.grade is Grade.WELL


def test_folders_that_are_yet_to_be_made_are_tried_where_they_would_be(tmp_path):
    log = tmp_path / "new" / "audit.jsonl"
    found = {each.check: each for each in machine.folders(MineSettings(audit_log=log))}
    assert found["audit log"].grade is Grade.WELL
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    settings = MineSettings(audit_log=tmp_path / "file" / "audit.jsonl")
    found = {each.check: each for each in machine.folders(settings)}
    assert found["audit log"].grade is Grade.BAD


def test_the_clock_is_told_of_one_way_or_another():
    assert machine.clock().check == "clock"


@pytest.mark.parametrize(
    ("together", "grade"), [(4e6, Grade.WELL), (2.4e6, Grade.WELL), (2.3e6, Grade.DOUBTFUL)]
)
def test_a_rate_far_below_what_one_thread_promises_is_doubtful(together, grade):
    finding = judge(1e6, together, 4)
    assert finding.grade is grade
    assert "1.00 MH/s with one" in finding.text


def asked(*urls: str) -> list[Finding]:
    async def ask() -> list[Finding]:
        pool = EmbeddedPool(PoolOptions())
        host, port = await pool.start()
        try:
            places = [url.format(pool=f"{host}:{port}") for url in urls]
            return await ask_pools(
                tuple(PoolSettings(url, "me") for url in places), source_of, patience=5
            )
        finally:
            await pool.close()

    return asyncio.run(ask())


def source_of(pool: PoolSettings) -> StratumSource:
    return StratumSource(pool, RetryPolicy(retries=0), user_agent="doctor/1")


def test_a_pool_is_well_once_it_has_sent_a_job():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound but not listening: refused
        refused = f"127.0.0.1:{held.getsockname()[1]}"
        found = asked("stratum+tcp://{pool}", refused, "http://u:s3cret@127.0.0.1:1", "nonsense")
    assert [finding.grade for finding in found] == [
        Grade.WELL, Grade.BAD, Grade.LEFT_OUT, Grade.BAD,
    ]  # fmt: skip
    assert "sends jobs" in found[0].text
    assert "refused" in found[1].text
    assert "s3cret" not in repr(found)
    assert "names no port" in found[3].text


FEW = ("doctor", "--backend", "reference", "--threads", "1")


def test_the_command_prints_a_line_for_each_check(stampmill):
    done = stampmill(*FEW)
    for check in ("kernels", "devices", "rate", "clock"):
        assert f" {check}: " in done.out


def test_something_wrong_is_exit_code_1_with_a_cure(stampmill):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = stampmill(*FEW, "--api-listen", place, "--json")
    assert done.code == 1
    checks = {finding["check"]: finding for finding in done.json["findings"]}
    assert checks["devices"]["grade"] == "ok"
    assert checks["port of cgminer API"]["grade"] == "failed"
    assert "in use" in checks["port of cgminer API"]["text"]
    assert checks["port of cgminer API"]["cure"]
