import os
import subprocess
import sys

import pytest

from stampmill.bench.host import machine


def test_the_cpu_has_a_name_and_a_count():
    cpu = machine.cpu_info()
    assert cpu["brand_raw"]
    assert cpu["count"] == len(machine.usable_cpus()) >= 1


def test_the_line_for_people_tells_model_and_system():
    line = machine.describe(machine.machine_info())
    assert str(machine.cpu_info()["brand_raw"]) in line
    assert line.count("\n") == 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU masks on this system")
def test_pins_the_thread_and_lets_it_go():
    cpus = machine.usable_cpus()
    with machine.pinned(cpus[0]) as pinned:
        assert pinned
        assert machine.usable_cpus() == (cpus[0],)
    assert machine.usable_cpus() == cpus


def test_the_commit_is_this_checkouts():
    source = machine.__file__.rsplit("/", 3)[0]
    if not os.path.exists(os.path.join(source, ".git")):
        assert machine.commit_info()["id"] == "unversioned"
        return
    head = subprocess.run(
        ["git", "-C", source, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    info = machine.commit_info()
    assert info["id"] == head
    assert isinstance(info["dirty"], bool)


def test_knows_an_arm_processor(tmp_path, monkeypatch):
    text = "processor\t: 0\nCPU architecture: 8\nCPU part\t: 0xd0b\n\nprocessor\t: 1\n"
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")
    cpu = machine.cpu_info()
    assert (cpu["family"], cpu["model"], cpu["virtual"]) == ("8", "0xd0b", False)
    assert sys.platform != "linux" or cpu["arch"]
