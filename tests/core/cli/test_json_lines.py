import io
import json

from stampmill.core.cli.json_lines import JsonView
from stampmill.core.events import HardwareError, JobArrived, Notice, ShareAnswered
from stampmill.core.job import RejectReason, Share, ShareResult, Verdict
from tests.core.fakes import first_nonce, make_job, make_work
from tests.core.snapshots import snapshot


def lines(*events, quiet=False, shot=None):
    stream = io.StringIO()
    view = JsonView(stream, quiet=quiet, now=lambda: 1_764_000_000.25)
    view.start()
    if shot is not None:
        view.refresh(shot)
    for event in events:
        view(event)
    view.close()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def answered(verdict, **fields):
    nonce = first_nonce(make_work(make_job(difficulty=0.5)))
    return ShareAnswered(Share(nonce, bytes(32), 2.0, False), ShareResult(verdict, **fields))


def test_a_share_is_one_object_with_fixed_keys():
    (line,) = lines(answered(Verdict.ACCEPTED, latency=0.0125), shot=snapshot(seconds=5.0))
    assert line == {
        "ts": "2025-11-24T16:00:00.250Z", "level": "info", "event": "accepted",
        "pool": "stratum+tcp://a:1", "job": "job", "device": "0", "difficulty": 2.0,
        "latency_ms": 12.5,
    }  # fmt: skip


def test_a_reject_has_its_reason_and_the_pools_words():
    (line,) = lines(answered(Verdict.REJECTED, reason=RejectReason.DUPLICATE, text="seen"))
    assert (line["level"], line["reason"], line["text"]) == ("warning", "duplicate", "seen")
    assert "pool" not in line, "nobody has said yet which it is"


def test_jobs_notices_and_errors_are_told():
    nonce = first_nonce(make_work(make_job()))
    said = lines(JobArrived(make_job()), Notice("hello", about="miner"), HardwareError(nonce))
    assert [line["event"] for line in said] == ["job", "miner", "hardware-error"]
    assert said[1]["text"] == "hello"


def test_the_rate_comes_every_ten_seconds():
    shots = [snapshot(seconds=seconds) for seconds in (5.0, 10.0, 12.0, 20.0)]
    stream = io.StringIO()
    view = JsonView(stream, now=lambda: 0.0)
    for shot in shots:
        view.refresh(shot)
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["hashes_per_second"] for line in said] == [5_000_000] * 2


def test_quiet_leaves_what_is_wrong():
    said = lines(Notice("fine"), Notice("bad", warning=True), quiet=True)
    assert [line["text"] for line in said] == ["bad"]
