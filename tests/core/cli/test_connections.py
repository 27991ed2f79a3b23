"""Connections as a user meets them: TLS and pins, proxies, allow-lists, the audit log."""

import json
from pathlib import Path

import pytest

from tests.pool.transport.certificates import certificate

# The reference backend is there on every machine, and starts at once.
ANYWHERE = ("--backend", "reference", "--threads", "1", "--time-limit", "2", "--json")
ONCE = ("--retries", "1", "--retry-pause", "0.05")


@pytest.fixture
def tls_pool(start, tmp_path: Path):
    """A TLS pool in its own process: its URL, and the pins that it shows."""
    path = tmp_path / "pool.pem"
    certificate().private_key_and_cert_chain_pem.write_to_path(str(path))
    process = start("pool", "--listen", "127.0.0.1:0", "--tls-cert", str(path))
    words = process.stderr.readline().split()
    where = words[words.index("listening") + 1]
    shown = [word for word in words if word.startswith(("cert:", "spki:"))]
    return f"stratum+ssl://{where.rstrip(',')}", shown


@pytest.mark.parametrize("which", [0, 1], ids=["cert", "spki"])
def test_shares_are_accepted_over_tls_by_the_pin_that_the_pool_shows(stampmill, tls_pool, which):
    url, pins = tls_pool
    done = stampmill("mine", "-o", url, "-u", "me", "--tls-pin", pins[which], *ANYWHERE)
    assert done.code == 0
    assert done.json["accepted"] > 0
    assert done.json["pool"] == url


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nobody trusted here vouches for the certificate of 127.0.0.1"),
        (("--tls-pin", "cert:" + "00" * 32), "which no pin (tls-pin) allows"),
    ],
)
def test_a_pool_that_cannot_prove_itself_gets_no_work(stampmill, tls_pool, arguments, words):
    url, _ = tls_pool
    done = stampmill("mine", "-o", url, "-u", "me", *arguments, *ONCE, *ANYWHERE)
    assert done.code == 4
    assert words in done.error_lines[-1]
    assert done.json["jobs"] == 0


def test_an_unverified_pool_is_warned_of(stampmill, tls_pool):
    url, _ = tls_pool
    done = stampmill("mine", "-o", url, "-u", "me", "--tls-insecure", "-q", *ANYWHERE)
    assert done.code == 0
    assert f"{url} is not verified (tls-insecure)" in done.err


def test_the_audit_log_tells_the_run_without_secrets(stampmill, tls_pool, tmp_path):
    url, pins = tls_pool
    path = tmp_path / "audit.jsonl"
    done = stampmill(
        *("mine", "-o", url, "-O", "me:hunter2", "--tls-pin", pins[0]),
        *("--audit-log", str(path), *ANYWHERE),
    )
    assert done.code == 0
    first, connected, *_, last = [json.loads(line) for line in path.read_text().splitlines()]
    assert first["event"] == "started"
    assert first["settings"]["pools"][0]["url"] == url
    assert (connected["event"], connected["trusts"]) == ("connected", pins[0])
    assert (last["event"], last["accepted"]) == ("stopped", done.json["accepted"])
    assert "hunter2" not in path.read_text()


def test_an_audit_log_that_cannot_be_written_stops_nothing(stampmill):
    done = stampmill("mine", "--audit-log", "/dev/full", *ANYWHERE)
    assert done.code == 0
    assert done.json["accepted"] > 0
    assert "audit log /dev/full cannot be written: no space left on device" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "ssl://h:1", "--tls-ca", "/nowhere.pem"), "tls-ca /nowhere.pem: cannot be read"),
        (("-o", "ssl://h:1", "--tls-pin", "sha1:00"), "tls-pin 'sha1:00': expected cert: or spki:"),
        (("-o", "h:1", "--tls-insecure"), "write stratum+ssl://h:1"),
        (("-o", "h:1", "-x", "ftp://p:1"), "a proxy is written socks5h://host:port"),
        (("-o", "h:1", "--egress", "10.0.0.0/8,x"), "an egress entry is a host name"),
        (("-o", "h:1", "--egress", "other"), "add egress h, or leave it out"),
        (("-o", "h:1", "--redirect", "yes"), "expected same-host or never or listed"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_wrong_call_is_one_line_that_names_the_value(refused, arguments, words):
    done = refused("mine", "-u", "me", *arguments)
    assert done.code == 2
    assert len(done.error_lines) == 1
    assert words in done.err


def test_a_certificate_that_the_pool_cannot_read_is_named(stampmill):
    done = stampmill("pool", "--tls-cert", "/nowhere.pem")
    assert done.code == 2
    assert done.err == "stampmill: tls-cert /nowhere.pem: no such file or directory\n"


def test_a_proxy_that_is_not_there_is_named_without_its_password(stampmill):
    proxy = "http://bob:s3cret@127.0.0.1:9"
    done = stampmill("mine", "-o", "h.example:1", "-u", "me", "-x", proxy, *ONCE, *ANYWHERE)
    assert done.code == 4
    assert "the proxy http://127.0.0.1:9 cannot be reached" in done.error_lines[-1]
    assert "s3cret" not in done.err
