"""A run that is changed from outside while it mines: the ports, the signal, and the audit log."""

import json
import re
import signal
from pathlib import Path
from typing import Any

from .test_surfaces import asked, fetched, line_with, port_in

ENTRY = ("--backend", "reference", "--threads", "1", "--time-limit", "60")


def place_of(pool: Any) -> str:
    line = line_with(pool, "127.0.0.1:")
    found = re.search(r"127\.0\.0\.1:\d+", line)
    assert found is not None, line
    return found[0]


def seen(port: int, section: str, wanted: list[str], field: str) -> None:
    """Ask until it is so: a reply may be a fraction of a second old."""
    found: list[str] = []
    while found != wanted:
        reply = json.loads(asked(port, json.dumps({"command": section.lower()}).encode()))
        found = [item[field] for item in reply[section]]


def told(audit: Path, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


def test_a_run_moves_to_a_pool_that_is_added_and_the_old_one_is_removed(start, environ, tmp_path):
    audit = tmp_path / "audit.jsonl"
    first, second = (start("pool", "--listen", "127.0.0.1:0") for _ in range(2))
    old, new = place_of(first), place_of(second)
    environ["STAMPMILL_HTTP_TOKEN"] = "t0ken"
    process = start(
        *("mine", "-o", old, "-u", "me", "-p", "s3cret-a", "--egress", "127.0.0.1"),
        *("--api-listen", "127.0.0.1:0", "--api-allow", "W:127.0.0.1", *ENTRY),
        *("--http-listen", "127.0.0.1:0", "--audit-log", str(audit)),
    )
    port = port_in(line_with(process, "cgminer API at"))
    web = port_in(line_with(process, "HTTP at"))
    line_with(process, " accepted ")
    assert b"Code=53" in asked(port, b"addpool|stratum+tcp://10.9.9.9:3333,you,s3cret-b")
    added = asked(port, f"addpool|stratum+tcp://{new},you,s3cret-b".encode())
    assert b"Code=55" in added
    assert b"s3cret" not in added
    assert b"Code=27" in asked(port, b"switchpool|1")
    line_with(process, f"mining at stratum+tcp://{new} instead of stratum+tcp://{old}")
    assert b"Code=68" in asked(port, b"removepool|0")
    line_with(process, " accepted ")
    seen(port, "POOLS", [f"stratum+tcp://{new}"], "URL")
    seen(port, "POOLS", ["you"], "User")
    assert b"Code=132" in asked(port, b"pooldifficulty|0,0.00001")
    assert fetched(web, "/api/threads", "t0ken", b'{"threads": 2}') == b'{"done": true}'
    line_with(process, "threads of reference changed: 2")
    assert b"Code=119" in asked(port, b"ascset|0,threads,1")
    line_with(process, "threads of reference changed: 1")
    seen(port, "DEVS", ["Y", "N"], "Enabled")
    line_with(process, " accepted ")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert " 0 lost" in err, err
    assert "0 hardware errors" in err
    changes = [line["what"] for line in told(audit, "controlled")]
    assert changes == [
        "add pool", "pool order", "remove pool", "pool difficulty", "threads", "threads",
    ]  # fmt: skip
    for secret in ("s3cret", "t0ken"):
        assert secret not in audit.read_text()


def test_another_configuration_is_gone_to_on_sighup(start, tmp_path):
    config, audit = tmp_path / "config.toml", tmp_path / "audit.jsonl"
    first, second = (start("pool", "--listen", "127.0.0.1:0") for _ in range(2))
    old, new = place_of(first), place_of(second)
    rest = f'threads = 1\nbackend = "reference"\naudit-log = "{audit}"\ntime-limit = 60\n'
    api = 'api-listen = "127.0.0.1:0"\napi-allow = "{}:127.0.0.1"\n'
    pool = '[[pool]]\nurl = "{}"\nuser = "me"\n'
    config.write_text(rest + api.format("R") + pool.format(old))
    process = start("mine", "-c", str(config))
    port = port_in(line_with(process, "cgminer API at"))
    line_with(process, " accepted ")
    assert b"Code=45" in asked(port, b"privileged")
    config.write_text(rest + api.format("W") + 'kernel = "reference"\n' + pool.format(new))
    process.send_signal(signal.SIGHUP)
    line = line_with(process, "configuration reloaded")
    for part in (
        f"pool stratum+tcp://{new} added; pool stratum+tcp://{old} removed",
        "surfaces.api-allow was R:127.0.0.1, is W:127.0.0.1",
        "from the next start on: kernel was unset, is reference",
    ):
        assert part in line
    line_with(process, " accepted ")
    assert b"Code=46" in asked(port, b"privileged")
    seen(port, "POOLS", [f"stratum+tcp://{new}"], "URL")
    (reloaded,) = told(audit, "reloaded")
    assert len(reloaded["applied"]) == 3
