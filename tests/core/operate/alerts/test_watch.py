"""All rules over a run, and what its snapshots and its log say of it."""

import io
import json
from dataclasses import replace

from stampmill.core.cli.json_lines import JsonView
from stampmill.core.cli.lines import LineView
from stampmill.core.operate import transfer
from stampmill.core.operate.alerts.message import message
from stampmill.core.operate.alerts.watch import AlertWatch, News, notice, rules_for
from stampmill.core.settings import AlertSettings
from stampmill.core.snapshot import Alert, AlertKind, Quantity, Sensor, Snapshot
from tests.core.snapshots import DEVICE, snapshot

HOT = Alert(AlertKind.TEMPERATURE, "cpu0", "chip 90 C, the limit is 85", 1_764_000_000.0)


def looked_at(*values: float) -> tuple[list[News], Snapshot]:
    told: list[News] = []
    rules = rules_for(AlertSettings(), in_turns=False)
    watch = AlertWatch(rules, told.append, lambda: (("command-sent", 1),))
    shot = snapshot()
    for second, value in enumerate(values):
        sensors = (Sensor(Quantity.TEMPERATURE, "chip", value),)
        shot = snapshot(
            devices=(replace(DEVICE, sensors=sensors),),
            seconds=12.0 + second,
            time=1_763_999_998.0 + second,
        )
        watch.look(shot)
    return told, watch.amend(shot)


def test_what_holds_stands_in_the_snapshot_and_is_told_once() -> None:
    told, shot = looked_at(*[90.0] * 10)
    assert told == [News(HOT, raised=True, time=HOT.since)]
    assert shot.alerts == (HOT,)
    assert shot.alerts_raised == ((HOT.kind, "cpu0", 1),)
    assert shot.alerts_sent == (("command-sent", 1),)
    assert transfer.decode(transfer.encode(shot)).alerts == (HOT,)


def test_what_is_over_is_told_once_and_remembered() -> None:
    told, shot = looked_at(*[90.0] * 3, *[50.0] * 5)
    assert [news.raised for news in told] == [True, False]
    assert (shot.alerts, shot.alerts_raised) == ((), ((HOT.kind, "cpu0", 1),))


def test_a_healthy_run_says_nothing() -> None:
    assert looked_at(*[50.0] * 30)[0] == []


def shown(*news: News, quiet: bool = False) -> tuple[list[str], list[dict[str, str]]]:
    lines, objects = io.StringIO(), io.StringIO()
    for view in (LineView(lines, quiet=quiet), JsonView(objects, quiet=quiet)):
        for one in news:
            view(notice(one))
    said = [line.split(maxsplit=1)[1] for line in lines.getvalue().splitlines()]
    return said, [json.loads(line) for line in objects.getvalue().splitlines()]


def test_each_is_a_line_and_an_object_with_fixed_keys() -> None:
    news = News(HOT, raised=True, time=HOT.since), News(HOT, raised=False, time=HOT.since + 300)
    lines, objects = shown(*news)
    assert lines == [
        "alert    temperature, cpu0: chip 90 C, the limit is 85",
        "alert    over after 5.0 min: temperature, cpu0",
    ]
    keys = ("level", "event", "kind", "subject", "state")
    assert [[each[key] for key in keys] for each in objects] == [
        ["warning", "alert", "temperature", "cpu0", "raised"],
        ["info", "alert", "temperature", "cpu0", "cleared"],
    ]


def test_the_rate_line_names_what_stands() -> None:
    lines = io.StringIO()
    LineView(lines).refresh(snapshot(seconds=10.0, alerts=(HOT, replace(HOT, subject="cpu1"))))
    assert lines.getvalue().rstrip().endswith(", ALERT temperature")


def test_quiet_shows_what_is_wrong() -> None:
    block = Alert(AlertKind.BLOCK_FOUND, "a", "block found", 0.0)
    lines, _ = shown(News(HOT, raised=True, time=0), News(block, raised=True, time=0), quiet=True)
    assert len(lines) == 1


def test_a_message_has_the_same_facts_for_every_channel() -> None:
    bad = replace(HOT, subject="stratum+tcp://a:1/\x1b[2J\0", kind=AlertKind.NO_ACCEPTED_SHARE)
    told = message(News(bad, raised=True, time=HOT.since + 1), "rig\n7")
    assert json.loads(told.as_json()) == {
        "host": "rig?7", "kind": "no-accepted-share", "subject": "stratum+tcp://a:1/?[2J?",
        "state": "raised", "since": 1_764_000_000.0, "time": 1_764_000_001.0,
        "text": "no accepted share, stratum+tcp://a:1/?[2J?: chip 90 C, the limit is 85",
    }  # fmt: skip
    assert told.as_environment()["ALERT_KIND"] == "no-accepted-share"
    assert told.title == "no-accepted-share raised on rig?7"
