"""A run watched by monitors that are not ours: pyasic, pyasic-rs and Prometheus."""

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from .conftest import Keep, Launch
from .process import PATIENCE, ROOT, Process

DEPLOY = ROOT / "core" / "operate" / "deploy"
ADDRESS = "127.0.0.77"
"""pyasic looks on port 80 alone; of this address nobody else will have it."""


def port_of(run: Process, name: str) -> int:
    line = run.wait_for_line(f"{name} at ")
    return int(line.rpartition(":")[2])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def has_port_80() -> bool:
    try:
        with socket.create_server((ADDRESS, 80)):
            return True
    except OSError:
        return False


def test_pyasic_and_pyasic_rs_find_the_miner(command: Launch) -> None:
    for package in ("pyasic", "pyasic_rs"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no {package} here: run make peers")
    if not has_port_80():
        pytest.skip(f"port 80 of {ADDRESS} cannot be had here")
    started = time.monotonic()
    run = command(
        *("mine", "--lines", "--backend", "reference", "--threads", "1", "--time-limit", "60"),
        *("--http-listen", f"{ADDRESS}:80", "--axeos", "--api-listen", f"{ADDRESS}:4028"),
        *("--api-allow", "R:127.0.0.0/8"),
    )
    run.wait_for_line(" accepted ")
    script = ROOT / "tests" / "peers" / "read_miner.py"
    done = subprocess.run(
        [sys.executable, str(script), ADDRESS],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    for reader, seen in read.items():
        assert seen is not None, f"{reader} finds nothing"
        assert seen["hashrate"] > 1000, reader
        # Of now and of the whole run: on a busy machine they differ by more than a little, but a
        # wrong unit would be a thousand times as much.
        assert 0.02 < seen["expected"] / seen["hashrate"] < 50, reader
        assert 0 <= seen["uptime"] <= time.monotonic() - started, reader
        assert "127.0.0.1" in seen["pool"], reader
        assert seen["user"] == "stampmill.embedded", reader
    assert read["pyasic_rs"]["accepted"] >= 1


def test_prometheus_scrapes_the_run(command: Launch, keep: Keep, tmp_path: Path) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("no prometheus here: run make peers")
    run = command(
        *("mine", "--lines", "--backend", "reference", "--threads", "1", "--time-limit", "60"),
        *("--http-listen", "127.0.0.1:0"),
    )
    target = f"127.0.0.1:{port_of(run, 'HTTP')}"
    config = (DEPLOY / "prometheus.yml").read_text(encoding="utf-8")
    config = re.sub(r'targets: \[".*"\]', f'targets: ["{target}"]', config)
    (tmp_path / "prometheus.yml").write_text(config.replace("15s", "250ms"), encoding="utf-8")
    shutil.copy(DEPLOY / "alerts.yml", tmp_path)
    port = free_port()
    prometheus = keep(
        Process(
            "prometheus",
            [
                "prometheus", f"--config.file={tmp_path}/prometheus.yml",
                f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}",
            ],
            folder=tmp_path,
            environment=os.environ,
        )
    )  # fmt: skip
    prometheus.wait_for_line("Server is ready to receive web requests")
    run.wait_for_line(" accepted ")
    run.wait_until(lambda: _accepted(port) >= 1, "an accepted share at Prometheus")
    assert _asked(port, 'up{job="stampmill"}') == 1
    assert _asked(port, "sum(stampmill_hashes_total)") > 0
    rules = _fetched(port, "/api/v1/rules")["data"]["groups"][0]["rules"]
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}


def _accepted(port: int) -> float:
    return _asked(port, 'sum(stampmill_shares_total{result="accepted"})')


def _asked(port: int, query: str) -> float:
    found = _fetched(port, f"/api/v1/query?query={urllib.parse.quote(query)}")["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _fetched(port: int, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
        answer: dict[str, Any] = json.load(reply)
    return answer
