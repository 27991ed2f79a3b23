"""`stampmill mine` as a user meets it: embedded, at a pool, wrongly called, interrupted."""

import json
import signal
import socket

import pytest

# The reference backend is there on every machine, and starts at once.
ANYWHERE = ("--backend", "reference", "--threads", "1")


def test_without_a_pool_it_mines_accepted_shares_on_the_embedded_one(stampmill):
    done = stampmill("mine", "--time-limit", "3", "--json", *ANYWHERE)
    assert done.code == 0
    report = done.json
    assert report["pool"] == "embedded"
    assert report["accepted"] > 0
    assert report["kernel"] == "reference"
    assert report["hashes"] > 0
    assert report["hashrate"] > 0
    for nothing in ("rejected", "lost", "hardware_errors", "duplicates", "unanswered"):
        assert report[nothing] == 0, nothing


def test_it_says_first_that_nothing_is_earned(stampmill):
    done = stampmill("mine", "--time-limit", "0.5", *ANYWHERE)
    assert "embedded regtest pool, nothing is earned" in done.error_lines[0]
    assert done.out == ""


def test_blocks_are_those_that_the_embedded_pool_made(start):
    process = start("mine", "--time-limit", "60", "--block-every", "1", "--json", *ANYWHERE)
    # The first job is clean too; the second such is the first block's.
    clean = (line for line in process.stderr if " clean, difficulty " in line)
    assert all(next(clean, None) for _ in range(2)), "no block within a minute"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    report = json.loads(out)
    assert 1 <= report["blocks"] <= report["accepted"]
    # Each block makes a clean job, but for one whose job came behind the end.
    assert report["clean_jobs"] >= report["blocks"]


def test_quiet_leaves_the_summary_alone(stampmill):
    done = stampmill("mine", "-q", "--time-limit", "1", *ANYWHERE)
    assert done.code == 0
    assert len(done.error_lines) == 5
    assert "accepted" in done.error_lines[1]


@pytest.mark.parametrize(("flags", "rolls"), [((), True), (("--no-asicboost",), False)])
def test_versions_are_rolled_unless_asicboost_is_off(stampmill, flags, rolls):
    done = stampmill("mine", "--time-limit", "2", "--protocol-dump", "--json", *flags, *ANYWHERE)
    assert done.json["accepted"] > 0
    configured = [line for line in done.error_lines if '"mining.configure"' in line]
    assert any("version-rolling" in line for line in configured) is rolls


def test_benchmark_hashes_without_a_pool(stampmill):
    done = stampmill("mine", "--benchmark", "--time-limit", "0.5", "--json", *ANYWHERE)
    report = done.json
    assert (report["pool"], report["accepted"], report["jobs"]) == ("benchmark", 0, 1)
    assert report["hashes"] > 1000


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("-u", "me"), "without a URL"),
        (("--threads", "none"), "threads 'none': expected int"),
        (("--threads", "0"), "threads '0'"),
        (("--backend", "abacus"), "no backend 'abacus'"),
        (("--kernel", "abacus"), "no kernel 'abacus'"),
        (("-o", "ftp://pool.example:1", "-u", "me"), "ftp://pool.example:1"),
        (("-o", "pool.example:port", "-u", "me"), "pool.example:port"),
        (("-c", "/nowhere/at/all.toml"), "cannot read /nowhere/at/all.toml"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_wrong_call_is_one_line_that_names_the_value(refused, arguments, text):
    done = refused("mine", *arguments)
    assert done.code in {2, 3}
    assert len(done.error_lines) == 1
    assert text in done.err


def test_a_misspelt_variable_is_no_demo(stampmill):
    done = stampmill("mine", STAMPMILL_POOL_URL="pool.example:3333")
    assert done.code == 2
    assert "unknown setting 'pool-url'" in done.err


def test_a_port_with_nothing_behind_it_is_exit_4_within_the_retries(stampmill):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound but not listening: refused, and nobody else's
        port = held.getsockname()[1]
        url = f"127.0.0.1:{port}"
        limits = ("--retries", "1", "--retry-pause", "0.05")
        done = stampmill("mine", "-o", url, "-u", "me", *limits, "--json", *ANYWHERE)
    assert done.code == 4
    assert "refused" in done.error_lines[-1]
    assert url in done.error_lines[-1]
    assert done.json["accepted"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_its_summary(start, number):
    process = start("mine", "--json", *ANYWHERE)
    for line in process.stderr:
        if " accepted " in line:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert '"pool": "embedded"' in out
    assert "hardware errors" in err
    assert "Traceback" not in err


def test_the_protocol_dump_shows_lines_without_the_password(stampmill):
    done = stampmill("mine", "-P", "--time-limit", "1", *ANYWHERE)
    sent = [line for line in done.error_lines if line.startswith("sent ")]
    assert any("mining.subscribe" in line for line in sent)
    authorize = next(line for line in sent if "mining.authorize" in line)
    assert "***" in authorize


def test_signals_pause_a_run_and_let_it_go_on(start):
    process = start("mine", "--json", *ANYWHERE)
    steps = [
        (" accepted ", signal.SIGUSR1),
        ("mining paused by SIGUSR1", signal.SIGUSR2),
        ("mining goes on", None),
        (" accepted ", signal.SIGINT),
    ]
    for text, number in steps:
        assert any(text in line for line in process.stderr), text
        if number is not None:
            process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert '"paused": null' in out
