"""The live view, drawn by the real rich into a string."""

import io

import pytest

from stampmill.core.events import Notice
from stampmill.core.job_source import SourceState, SourceStatus
from stampmill.core.snapshot import DeviceSnapshot, Latency, Rates, Snapshot

pytest.importorskip("rich", reason="the extra 'tui' is not installed")

from stampmill.core.cli.live import LiveView

NO_LATENCY = Latency(0, None, None)


def snapshot(**changed):
    fields = {
        "seconds": 12.0,
        "source": SourceStatus("stratum", SourceState.AUTHORIZED, "stratum+tcp://a:1", "me.rig"),
        "kernel": "avx512",
        "paused": "",
        "devices": (DeviceSnapshot("cpu0", "cpu", 100, Rates(5e6, 4e6, 3e6, 2e6)),),
        "hashes": 100,
        "rates": Rates(5e6, 4e6, 3e6, 2e6),
        "job_id": "4f",
        "job_difficulty": 0.00408,
        "network_difficulty": 4.6e-10,
        "expected_share_seconds": 1.25,
        **dict.fromkeys(
            ("jobs", "clean_jobs", "starved_jobs", "rejected", "stale", "lost", "unanswered",
             "duplicates", "hardware_errors", "below_share", "blocks"), 0),
        "accepted": 21,
        "reject_reasons": (),
        "accepted_difficulty": 1.0,
        "best_difficulty": 0.1269,
        "seconds_since_accepted": 1.0,
        "job_switch": Latency(3, 0.00005, 0.0009),
        "share_path": NO_LATENCY,
        "pool_answer": NO_LATENCY,
    }  # fmt: skip
    return Snapshot(**(fields | changed))


def drawn(*events, **changed):
    stream = io.StringIO()
    view = LiveView(stream)
    for event in events:
        view(event)
    view.start()
    view.refresh(snapshot(**changed))
    view.close()
    return stream.getvalue()


def test_everything_that_a_miner_looks_for_is_on_the_screen():
    screen = drawn()
    for text in (
        "stratum+tcp://a:1 as me.rig: authorized", "cpu cpu0", "5.00 MH/s", "4.00 MH/s",
        "3.00 MH/s", "4f  difficulty 0.00408  kernel avx512", "about 1.2 s", "21 accepted",
        "0 rejected", "0 stale", "0 hardware errors", "0.1269", "p50 0.05 / p99 0.90 ms",
    ):  # fmt: skip
        assert text in screen, text


def test_a_lasting_notice_stays_above_the_others():
    events = [Notice("nothing is earned", lasting=True)]
    events += [Notice(f"line {number}") for number in range(20)]
    screen = drawn(*events)
    assert screen.index("nothing is earned") < screen.index("accepted")
    assert "line 19" in screen
    assert "line 5 " not in screen


def test_it_is_drawn_without_a_job_and_without_a_rate():
    nothing = Rates(0.0, 0.0, 0.0, 0.0)
    screen = drawn(
        job_id=None, job_difficulty=None, expected_share_seconds=None, devices=(), rates=nothing
    )
    assert "none  difficulty -" in screen
    assert "0.00 H/s" in screen


def test_a_pause_is_in_view():
    assert "4f, paused by SIGUSR1" in drawn(paused="SIGUSR1")
