"""Alerts of a real run, and settings that make none."""

import json
import subprocess
import sys
import time

import pytest

from stampmill.core import config
from stampmill.core.cli.alerts import channels
from stampmill.core.config import Layer
from stampmill.core.errors import UsageError
from stampmill.core.settings import AlertSettings, MineSettings, PoolSettings
from stampmill.pool.egress import Egress

ANYWHERE = ("--backend", "reference", "--threads", "1")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--alert-command", "no-such-program"), "alert-command: there is no program"),
        (("--alert-webhook", "hooks.example/s3cret"), "alert-webhook: what is given is no http"),
    ],
)
def test_what_cannot_be_meant_is_one_line(stampmill, arguments, text):
    done = stampmill("mine", *arguments)
    assert (done.code, len(done.error_lines)) == (2, 1)
    assert text in done.err
    assert "s3cret" not in done.err


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("alert-temp", "hot", "expected float"),
        ("alert-rejects", "250", "expected float < 100"),
        ("alert-rate", "nan", "expected float > 0"),
    ],
)
def test_a_limit_that_is_none_is_named(key, value, text):
    with pytest.raises(UsageError, match=f"flags: {key} '{value}': {text}"):
        config.load(Layer("flags", {key: value}), {}, None)


def test_limits_are_in_percent():
    said = config.load(Layer("flags", {"alert-rejects": "2.5", "alert-rate": "90"}), {}, None)
    assert (said.alerts.rejects, said.alerts.rate) == (0.025, 0.9)


def test_apprise_would_go_past_the_list_of_hosts():
    settings = MineSettings(alerts=AlertSettings(notify=("json://127.0.0.1",)))
    with pytest.raises(UsageError, match="apprise connects past --egress"):
        channels(settings, Egress(["127.0.0.1"]))


@pytest.mark.parametrize("said", [{"webhook": "http://a.example"}, {"notify": ("json://a",)}])
def test_nobody_is_told_past_the_proxy_of_the_pools(said):
    pool = PoolSettings("stratum+tcp://b:1", proxy="socks5h://127.0.0.1:9050")
    with pytest.raises(UsageError, match="past the proxy"):
        channels(MineSettings(pools=(pool,), alerts=AlertSettings(**said)), None)


def test_secrets_are_in_no_text():
    said = AlertSettings("curl -H s3cret", "https://a/s3cret", ("json://s3cret",))
    assert "s3cret" not in repr(said)


def test_a_pool_that_leaves_is_told_by_command_log_and_summary(start, tmp_path):
    """The first of two pools ends: the other is mined on, and that is worth an alert."""
    told = tmp_path / "told"
    code = f"import sys; open('{told}', 'a').write(sys.stdin.read() + chr(10))"
    pools = [start("pool", "--listen", "127.0.0.1:0") for _ in range(2)]
    places = [_place(pool) for pool in pools]
    process = start(
        *("mine", "-o", places[0], "-u", "x", "-o", places[1], "-u", "x", *ANYWHERE),
        *("--alert-command", f'{sys.executable} -c "{code}"', "--log-json", "--json"),
        *("--retry-pause", "0.1", "--first-job-timeout", "1"),
    )
    _line_with(process, '"event": "accepted"')
    pools[0].kill()
    event = json.loads(_line_with(process, '"event": "alert"'))
    assert (event["kind"], event["subject"]) == ("pool-switched", f"stratum+tcp://{places[1]}")
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text().endswith("\n")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    out, err = process.communicate(timeout=30)
    assert json.loads(told.read_text())["kind"] == "pool-switched"
    (alert,) = json.loads(out)["alerts"]
    assert (alert["kind"], alert["raised"], alert["stands"]) == ("pool-switched", 1, True)
    assert "  alert    pool switched, stratum+tcp://" in err


def _place(pool: "subprocess.Popen[str]") -> str:
    line = _line_with(pool, "127.0.0.1:")
    return line[line.index("127.0.0.1:") :].split()[0].rstrip(",;")


def _line_with(process: "subprocess.Popen[str]", part: str) -> str:
    assert process.stderr is not None
    return next(line for line in process.stderr if part in line)
