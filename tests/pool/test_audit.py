"""The audit log: a chain of lines that outlives restarts, and disks that will not take it."""

import asyncio
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stampmill.core.settings import MineSettings, PoolSettings
from stampmill.pool.audit import PEER_EVENTS_PER_HOUR, AuditEvent, AuditLog, described
from stampmill.pool.stratum.messages import encode
from stampmill.pool.stratum.notifications import Reconnect
from stampmill.pool.stratum.requests import Configure

from .loopback import ScriptedPool, mining
from .upstream.sessions import NOTIFY, any_share, only_job, opened


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(path)]


def is_chained(path: Path) -> bool:
    """Whether each line names the one before it, leaving out the torn ones."""
    whole = [line for line in lines(path) if line.endswith(b"}")]
    before = [b"", *whole][:-1]
    hashes = [hashlib.sha256(line).hexdigest() if line else "" for line in before]
    return [json.loads(line)["previous"] for line in whole] == hashes


def test_events_are_lines_with_time_and_fields(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path, now=Clock())
    log.record(AuditEvent.CONNECTED, pool="stratum+tcp://a:1")
    log.record(AuditEvent.DISCONNECTED, pool="stratum+tcp://a:1", text='"quoted"\n')
    log.close()
    first, second = entries(path)
    assert first == {
        "time": 1_700_000_000.0, "event": "connected", "pool": "stratum+tcp://a:1", "previous": "",
    }  # fmt: skip
    assert second["text"] == '"quoted"\n'
    assert is_chained(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_restart_takes_the_chain_up(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for _ in range(3):
        log = AuditLog(path, now=Clock())
        log.record(AuditEvent.STARTED)
        log.close()
    assert len(lines(path)) == 3
    assert is_chained(path)


def test_a_changed_line_breaks_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path, now=Clock())
    for number in range(3):
        log.record(AuditEvent.CONNECTED, number=number)
    log.close()
    path.write_bytes(path.read_bytes().replace(b'"number":1', b'"number":7'))
    assert not is_chained(path)


def test_a_line_that_was_cut_off_is_left_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    first = AuditLog(path, now=Clock())
    first.record(AuditEvent.STARTED)
    first.close()
    with path.open("ab") as file:
        file.write(b'{"time":17')
    second = AuditLog(path, now=Clock())
    second.record(AuditEvent.STARTED)
    second.close()
    assert lines(path)[1] == b'{"time":17'
    assert is_chained(path)


def test_a_full_disk_is_told_at_once_and_every_minute_and_mining_goes_on() -> None:
    told: list[str] = []
    clock = Clock()
    log = AuditLog(Path("/dev/full"), now=clock, on_trouble=told.append)
    for _ in range(3):
        log.record(AuditEvent.CONNECTED)
    clock.now += 61
    log.record(AuditEvent.CONNECTED)
    log.close()
    assert log.lost == 4
    assert told == [
        "audit log /dev/full cannot be written: no space left on device; 1 line is lost so far, "
        "mining goes on",
        "audit log /dev/full cannot be written: no space left on device; 4 lines are lost so far, "
        "mining goes on",
    ]


@pytest.mark.parametrize("name", ["missing/audit.jsonl", "folder", "file/audit.jsonl"])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    told: list[str] = []
    log = AuditLog(tmp_path / name, now=Clock(), on_trouble=told.append)
    log.record(AuditEvent.STARTED)
    assert log.lost == 1
    assert str(tmp_path / name) in told[0]


def test_a_file_that_can_be_written_later_gets_what_comes_then(tmp_path: Path) -> None:
    path = tmp_path / "later" / "audit.jsonl"
    log = AuditLog(path, now=Clock())
    log.record(AuditEvent.STARTED)
    path.parent.mkdir()
    log.record(AuditEvent.CONNECTED)
    log.close()
    assert [entry["event"] for entry in entries(path)] == ["connected"]
    assert entries(path)[0]["unrecorded"] == 1


def test_a_pipe_that_nobody_reads_does_not_stop_the_miner(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    log = AuditLog(path, now=Clock())
    for _ in range(5000):
        log.record(AuditEvent.CONNECTED)
    log.close()
    assert log.lost > 0


def test_a_pool_cannot_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    clock = Clock()
    log = AuditLog(path, now=clock)
    for _ in range(10_000):
        log.record(AuditEvent.REDIRECT_REFUSED, host="evil.example")
    log.record(AuditEvent.CONNECTED)
    log.close()
    assert len(lines(path)) == PEER_EVENTS_PER_HOUR + 1
    assert log.suppressed == 10_000 - PEER_EVENTS_PER_HOUR
    assert entries(path)[-1]["unrecorded"] == log.suppressed
    assert is_chained(path)


def test_a_found_block_can_be_built_again_from_its_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    share = any_share(only_job(opened().feed(NOTIFY, 1000.0)))
    log = AuditLog(path, now=Clock())
    log.block_found("stratum+tcp://pool:1", share)
    log.close()
    entry = entries(path)[0]
    assert entry["event"] == "block-found"
    assert entry["hash"] == share.hash[::-1].hex()
    assert int(entry["nonce"], 16) == share.nonce.nonce
    assert bytes.fromhex(entry["extranonce2"]) == share.nonce.work.extranonce2
    assert entry["job"] == share.job.id


def test_without_a_file_there_is_nothing_to_do() -> None:
    log = AuditLog()
    log.record(AuditEvent.STARTED)
    log.close()
    assert (log.lost, log.suppressed) == (0, 0)


def test_settings_are_described_without_secrets() -> None:
    pool = PoolSettings(
        "stratum+ssl://bob:s3cret@pool:1", "bob", "hunter2", tls_pins=("cert:00",),
        proxy="socks5h://ann:s3cret@h:1",
    )  # fmt: skip
    shown = described(MineSettings((pool,), egress=("pool",), audit_log=Path("audit.jsonl")))
    text = json.dumps(shown)
    assert "s3cret" not in text
    assert "hunter2" not in text
    assert shown["pools"][0]["url"] == "stratum+ssl://bob:...@pool:1"
    assert shown["pools"][0]["tls_pins"] == ["cert:00"]
    assert (shown["egress"], shown["audit_log"]) == (["pool"], "audit.jsonl")
    assert shown["timeouts"]["connect"] == 15.0


def events_of(path: Path) -> list[str]:
    return [entry["event"] for entry in entries(path)]


def test_a_source_records_its_connections_and_what_it_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    async def main() -> None:
        log = AuditLog(path)
        async with mining(ScriptedPool(), audit=log, user="bob") as m:
            share = replace(any_share(await m.listener.job()), solves_block=True)
            m.pool.say(encode(Reconnect("evil.example", 9, 1.0)))
            m.source.submit(share)
            await m.listener.verdict()
            m.pool.say(encode(Reconnect(None, None, 2.0)))
            await m.listener.until(lambda: bool(m.listener.no_job))
            pause = await m.time.until_asleep_for(2.0)
            m.pool.script.close_on = Configure
            await m.time.advance(pause)
            await m.time.until_asleep_for(1.1)
        log.close()

    asyncio.run(main())
    assert events_of(path) == [
        "connected", "block-found", "redirect-refused", "redirect-followed", "disconnected",
        "connected", "disconnected",
    ]  # fmt: skip
    connected, _, refused, followed, left, _, hung_up = entries(path)
    assert connected["user"] == "bob"
    assert connected["pool"] == f"stratum+tcp://{connected['address']}"
    assert (refused["host"], refused["port"], refused["wait"]) == ("evil.example", 9, 1.0)
    assert refused["why"] == "to another host, 'evil.example'"
    assert followed["to"] == connected["pool"]
    assert (left["cause"], hung_up["cause"]) == ("redirected", "peer-closed")
    assert "secret" not in path.read_text()
    assert is_chained(path)
