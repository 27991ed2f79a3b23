"""A run watched and steered from outside, by the ports that a user opens."""

import json
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from typing import Any

import pytest

from stampmill.core.cli.surfaces import check_surfaces
from stampmill.core.errors import UsageError
from stampmill.core.settings import SurfaceSettings

ANYWHERE = ("--backend", "reference", "--threads", "1", "--time-limit", "60")


def line_with(process: "subprocess.Popen[str]", part: str) -> str:
    assert process.stderr is not None
    return next(line for line in process.stderr if part in line)


def port_in(line: str) -> int:
    found = re.search(r":(\d+)$", line.strip())
    assert found is not None, line
    return int(found[1])


def asked(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b"")).rstrip(b"\0")


def seen_accepted(port: int) -> Any:
    """Return summary and pools once a share is in them: the view tells of it first."""
    while True:
        reply = json.loads(asked(port, b'{"command":"summary+pools"}'))
        if reply["summary"][0]["SUMMARY"][0]["Accepted"]:
            return reply


def fetched(port: int, path: str, token: str | None = None, data: bytes | None = None) -> bytes:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.read()


def told_accepted(port: int) -> Any:
    """Return what AxeOS tells once a share is in it, for the same reason."""
    while not (told := json.loads(fetched(port, "/api/system/info")))["sharesAccepted"]:
        pass
    return told


def test_the_api_tells_how_the_run_does_and_ends_it(start, tmp_path):
    audit = tmp_path / "audit.jsonl"
    process = start(
        *("mine", "--api-listen", "127.0.0.1:0", "--api-allow", "W:127.0.0.1"),
        *("--audit-log", str(audit), *ANYWHERE),
    )
    port = port_in(line_with(process, "cgminer API at 127.0.0.1:"))
    line_with(process, " accepted ")
    summary = seen_accepted(port)
    assert summary["pools"][0]["POOLS"][0]["Stratum Active"] is True
    assert b"Msg=Paused" in asked(port, b"pause")
    line_with(process, "mining paused by 127.0.0.1 over the API")
    assert b"Msg=BYE" in asked(port, b"quit")
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    events = [json.loads(line) for line in audit.read_text().splitlines()]
    changes = [(event["who"], event["what"]) for event in events if event["event"] == "controlled"]
    assert changes == [("127.0.0.1 over the API", "pause"), ("127.0.0.1 over the API", "quit")]


def test_a_pause_by_signal_is_in_the_audit_log(start, tmp_path):
    audit = tmp_path / "audit.jsonl"
    process = start("mine", "--audit-log", str(audit), *ANYWHERE)
    line_with(process, " accepted ")
    process.send_signal(signal.SIGUSR1)
    line_with(process, "mining paused by SIGUSR1")
    process.send_signal(signal.SIGUSR2)
    line_with(process, "mining goes on")
    assert re.findall(r'"what":("\w+")', audit.read_text()) == ['"pause"', '"resume"']


def test_http_serves_metrics_and_changes_nothing_without_the_token(start, environ):
    environ["STAMPMILL_HTTP_TOKEN"] = "s3cret"
    process = start("mine", "--http-listen", "127.0.0.1:0", "--axeos", *ANYWHERE)
    port = port_in(line_with(process, "HTTP at 127.0.0.1:"))
    line_with(process, " accepted ")
    assert told_accepted(port)["ASICModel"] == "reference x1"
    assert b'result="accepted"' in fetched(port, "/metrics")
    for token in (None, "guess"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(port, "/api/system/pause", token, b"")
    assert fetched(port, "/api/system/pause", "s3cret", b"") == b'{"done": true}'
    line_with(process, "mining paused by 127.0.0.1 over HTTP")
    assert json.loads(fetched(port, "/api/system/info"))["miningPaused"] is True


def test_a_port_that_is_taken_is_named_and_mining_goes_on(stampmill):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = stampmill(
            *("mine", "--api-listen", place, "--http-listen", place, "--json"),
            *(*ANYWHERE[:4], "--time-limit", "3"),
        )
    assert done.json["accepted"] > 0
    for name in ("cgminer API", "HTTP"):
        assert f"no {name}: {place} is in use by " in done.err


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (SurfaceSettings(api_listen="here"), "cannot listen on 'here'"),
        (SurfaceSettings(http_listen="127.0.0.1:99999"), "cannot listen on"),
        (SurfaceSettings(api_allow="W:somewhere"), "'W:somewhere'"),
    ],
)
def test_what_no_surface_could_take_is_a_usage_error(settings, text):
    with pytest.raises(UsageError, match=text):
        check_surfaces(settings)


def test_axeos_without_http_is_a_usage_error(refused):
    done = refused("mine", "--axeos")
    assert done.code == 2
    assert "--http-listen" in done.err


def test_the_token_is_not_shown(tmp_path):
    assert "s3cret" not in repr(SurfaceSettings(http_token="s3cret"))


def test_the_configuration_is_read_again_on_sighup(start, tmp_path):
    config, audit = tmp_path / "config.toml", tmp_path / "audit.jsonl"
    config.write_text("threads = 1\n")
    process = start("mine", "-c", str(config), "--audit-log", str(audit), *ANYWHERE[:2])
    line_with(process, " accepted ")
    config.write_text("threads = 2\n")
    process.send_signal(signal.SIGHUP)
    assert "reloaded: threads was 1, is 2" in line_with(process, "configuration reloaded")
    line_with(process, "threads of reference changed: 2")
    line_with(process, " accepted ")
    config.write_text("threads = 'many'\n")
    process.send_signal(signal.SIGHUP)
    assert "threads 'many'" in line_with(process, "configuration not reloaded")
    events = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [event["event"] for event in events].count("reloaded") == 2


def test_a_run_as_a_service_tells_its_manager(start, environ, tmp_path):
    place = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(place)
        manager.settimeout(20)
        environ |= {"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "1500000"}
        process = start("mine", "--log-json", *ANYWHERE)
        assert manager.recv(1000) == b"READY=1"
        status, beat = manager.recv(1000).split(b"\n")
        assert status.startswith(b"STATUS=")
        assert beat == b"WATCHDOG=1"
        while not re.search(rb"H/s, [1-9]\d* accepted", manager.recv(1000)):
            pass
        process.send_signal(signal.SIGTERM)
        while manager.recv(1000) != b"STOPPING=1":
            pass
    _, err = process.communicate(timeout=20)
    said = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert {"accepted", "job"} <= {line["event"] for line in said}
