"""Numbers as people read them."""

import pytest

from stampmill.core.cli import report
from stampmill.core.snapshot import Alert, AlertKind, Latency
from tests.core.snapshots import snapshot


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0, "0.00 H/s"), (999, "999.00 H/s"), (41_250_000, "41.25 MH/s"), (1.2e14, "120.00 TH/s"),
     (5e21, "5000.00 EH/s")],
)  # fmt: skip
def test_a_rate_has_a_readable_unit(rate, text):
    assert report.hashrate(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "0.5 s"), (119, "119.0 s"), (120, "2.0 min"), (7200, "2.0 h"), (200_000, "2.3 days"),
     (3.1536e10, "1e+03 years")],
)  # fmt: skip
def test_a_duration_has_the_unit_a_person_would_say(seconds, text):
    assert report.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.656e-10, "4.656e-10"), (0.0123456, "0.01235"), (9427.96, "9428"), (1.5e6, "1,500,000")],
)
def test_a_difficulty_is_short(value, text):
    assert report.difficulty(value) == text


def test_latency_is_in_milliseconds_or_not_measured():
    assert report.milliseconds(Latency(2, 0.00005, 0.0013)) == "p50 0.05 / p99 1.30 ms"
    assert report.milliseconds(Latency(0, None, None)) == "not measured"


def test_counts_agree_with_their_word():
    assert (report.plural(1, "block"), report.plural(2, "block")) == ("1 block", "2 blocks")


def test_the_end_names_the_alerts_that_were_raised():
    alert = Alert(AlertKind.TEMPERATURE, "b", "chip 90 C", 1.0)
    raised = (AlertKind.TEMPERATURE, "b", 3), (AlertKind.REJECTED_SHARES, "a", 1)
    shot = snapshot(alerts=(alert,), alerts_raised=raised)
    lines = report.summary(shot, 0).splitlines()
    assert lines[-2:] == [
        "  alert    temperature 3 times, b: stands: chip 90 C",
        "  alert    rejected shares, a: over",
    ]
    first, second = report.as_json(shot, 0, "p")["alerts"]
    assert first == {
        "kind": "temperature", "subject": "b", "raised": 3, "stands": True, "text": "chip 90 C",
    }  # fmt: skip
    assert (second["stands"], second["text"]) == (False, None)
