"""Real processes that print what miners print."""

import shlex
import sys
import time

import pytest

from stampmill.bench.candidates import contest, report, result
from stampmill.bench.candidates.contest import Comparison, Peer
from stampmill.bench.host.machine import usable_cpus
from stampmill.bench.peers import run
from stampmill.bench.peers.formats import Miner, Report
from stampmill.bench.peers.run import PeerError
from stampmill.core.errors import ExitCode, UsageError
from tests.bench.candidates.test_report import contestant

CPU = usable_cpus()[-1]
FOR_EVER = "import time\nwhile True: print('Total: 5 khash/s', flush=True); time.sleep(.02)"


def command(code):
    return shlex.join([sys.executable, "-c", code])


def test_a_miner_that_never_ends_is_ended():
    begun = time.monotonic()
    assert run.measure(command(FOR_EVER), CPU, 0.3).hashes_per_second == 5000.0
    assert time.monotonic() - begun < 10


def test_a_miner_that_ends_is_read_to_its_end():
    code = "import sys; print('1:1400:1:1:1.00:7', file=sys.stderr); print('2:1400:1:1:1.00:5')"
    assert run.measure(command(code), CPU, 30.0) == Report(Miner.HASHCAT, 12.0)


def test_it_runs_on_the_cpu_asked_for_and_ours_stays_free():
    before = usable_cpus()
    code = "import os; print('Total: %d khash/s' % (1 + min(os.sched_getaffinity(0))))"
    assert run.measure(command(code), CPU, 30.0).hashes_per_second == 1000.0 * (CPU + 1)
    assert usable_cpus() == before


def test_what_it_started_is_ended_as_well(tmp_path):
    file = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {FOR_EVER!r}])\n"
        f"open({str(file)!r}, 'w').write(str(child.pid))\n"
        "child.wait()"
    )
    run.measure(command(code), CPU, 0.1)
    pid = int(file.read_text())
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("pass", "told no rate before it ended; it said nothing"),
        ("print('no GPU'); print()", "its last line: no GPU"),
        ("import time; time.sleep(60)", "told no rate within 0.2 s; it said nothing"),
        ("print('Total: 0 khash/s')", "its last line: Total: 0 khash/s"),
    ],
)
def test_a_miner_that_tells_no_rate_is_named(code, words):
    with pytest.raises(PeerError, match=words) as caught:
        run.measure(command(code), CPU, 0.1, patience=0.2 if "sleep" in code else 30.0)
    assert caught.value.exit_code is ExitCode.FAILURE
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("/no/such/miner -b", "does not start: No such"), ("", "wants a command"), ("a '", "closing")],
)
def test_a_command_that_is_none_is_a_mistake(text, words):
    with pytest.raises(UsageError, match=words):
        run.measure(text, CPU)


def test_a_program_that_is_not_there_stops_before_measuring():
    plan = contest.Plan(peers=["/no/such/miner -b"])
    with pytest.raises(UsageError, match="there is no program /no/such/miner"):
        contest.compare([], plan)


def test_a_peer_has_its_row_beside_ours_by_the_clock():
    first = contestant("ours", [0.5] * 11, wall=1.0)
    peer = Peer("/opt/minerd -t 1", [Report(Miner.POOLER, 2e6)] * 11)
    comparison = Comparison([first], cpu=0, peers=[peer])
    row = report.rows(comparison)[1]
    assert row[:3] == ["minerd", "2.00", "0.0%"]
    assert row[-2:] == ["2.000", "2.000-2.000"]
    text = report.report(comparison)
    assert "minerd: '/opt/minerd -t 1', the rate that pooler's cpuminer prints" in text
    benchmark = result.as_document(comparison)["benchmarks"][1]
    assert benchmark["fullname"] == "peers::minerd"
    assert benchmark["extra_info"]["hashes_per_second"] == 2e6


def test_peers_run_in_every_round():
    plan = contest.Plan(
        rounds=2, seconds=0.001, version_counts=(1,), peers=[command(FOR_EVER)], peer_seconds=0.05
    )
    compared = contest.compare([contestant("reference", []).candidate.spec], plan)
    assert len(compared.peers[0].reports) == 2
