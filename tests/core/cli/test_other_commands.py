"""`stampmill pool`, `devices`, `selftest`, and the entry point."""

import json
import signal
import subprocess
import sys

import pytest


def test_help_and_version_are_there(stampmill):
    assert "usage: stampmill" in stampmill("--help").out
    assert stampmill("--version").out.startswith("stampmill ")


@pytest.mark.parametrize("command", ["mine", "pool", "devices", "selftest", "bench"])
def test_each_command_teaches_itself(stampmill, command):
    done = stampmill(command, "--help")
    assert done.code == 0
    assert f"usage: stampmill {command}" in done.out


def test_no_command_is_a_usage_error(stampmill):
    assert stampmill().code == 2


def test_devices_lists_every_backend_with_the_default(stampmill):
    done = stampmill("devices", "--json")
    table = done.json
    names = [backend["name"] for backend in table["backends"]]
    assert names[:4] == ["cpu", "numba", "opencl", "reference"]
    assert table["default"] in names
    text = stampmill("devices").out
    assert f"* {table['default']}" in text


def test_selftest_passes_every_kernel_of_this_machine(stampmill):
    done = stampmill("selftest", "--json")
    assert done.code == 0
    verdicts = {name: result["verdict"] for name, result in done.json["kernels"].items()}
    assert verdicts["reference"] == "passed"
    assert set(verdicts.values()) <= {"passed", "skipped"}


def test_selftest_of_an_unknown_kernel_names_the_choices(refused):
    done = refused("selftest", "--kernel", "abacus")
    assert done.code == 3
    assert "no kernel 'abacus'" in done.err
    assert "reference" in done.err


def test_a_miner_in_one_process_mines_at_the_pool_in_another(stampmill, start):
    pool = start("pool", "--listen", "127.0.0.1:0", "--share-interval", "0.3", "--json")
    line = next(line for line in pool.stderr if "listening" in line)
    url = "stratum+tcp://" + line.split()[-1]
    done = stampmill(
        "mine", "-o", url, "-u", "me.rig", "--time-limit", "2", "--json",
        "--backend", "reference", "--threads", "1",
    )  # fmt: skip
    pool.send_signal(signal.SIGTERM)
    out, _ = pool.communicate(timeout=20)
    totals = json.loads(out)
    assert pool.returncode == 0
    assert done.json["accepted"] == totals["accepted"] > 0
    assert done.json["pool"] == url
    assert done.json["user"] == "me.rig"


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:99999", "127.0.0.1:x"])
def test_a_pool_that_cannot_listen_says_so_in_one_line(refused, address):
    done = refused("pool", "--listen", address)
    assert done.code == 2
    assert len(done.error_lines) == 1
    assert address in done.err


def test_a_command_does_not_wait_for_the_imports_of_others() -> None:
    program = (
        "import sys\n"
        "from stampmill.core.cli.main import parser\n"
        "parser('selftest').parse_args(['selftest'])\n"
        "print(*(name for name in sys.modules if name.startswith('stampmill.core.cli.')))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], check=True, capture_output=True, text=True
    )
    modules = {name.removeprefix("stampmill.core.cli.") for name in done.stdout.split()}
    assert modules == {"main", "options", "selftest", "version"}
