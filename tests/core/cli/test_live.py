"""The live view, drawn by the real rich into a string."""

import io

import pytest

from stampmill.core.events import Notice
from stampmill.core.snapshot import Alert, AlertKind, Rates
from tests.core.snapshots import snapshot

pytest.importorskip("rich", reason="the extra 'tui' is not installed")

from stampmill.core.cli.live import LiveView


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
    nothing = Rates(0.0, 0.0, 0.0, 0.0, 0.0)
    screen = drawn(
        job_id=None, job_difficulty=None, expected_share_seconds=None, devices=(), rates=nothing
    )
    assert "none  difficulty -" in screen
    assert "0.00 H/s" in screen


def test_a_pause_is_in_view():
    assert "4f, paused by SIGUSR1" in drawn(paused="SIGUSR1")


def test_alerts_stand_above_the_figures_and_many_are_counted():
    alerts = [Alert(AlertKind.TEMPERATURE, f"b{n}", "chip 90 C", 1.0) for n in range(6)]
    screen = drawn(alerts=tuple(alerts))
    assert screen.index("ALERT temperature, b0: chip 90 C") < screen.index("cpu cpu0")
    assert "b2" in screen
    assert "b3" not in screen
    assert "ALERT and 3 more" in screen
    assert "ALERT" not in drawn()
