"""The live view, drawn by the real rich into a string."""

import io
import os
import pty
import re
import subprocess
import sys
import termios
from dataclasses import replace

import pytest

from stampmill.core.events import Notice
from stampmill.core.job_source import SourceState
from stampmill.core.snapshot import (
    Alert,
    AlertKind,
    DevicePower,
    EnergySnapshot,
    PoolStanding,
    Quantity,
    Rates,
    Sensor,
)
from tests.core.snapshots import DEVICE, NO_LATENCY, SHARES, SOURCE, snapshot

pytest.importorskip("rich", reason="the extra 'tui' is not installed")

from rich.console import Console

from stampmill.core.cli.live import LiveView
from stampmill.core.cli.screen import screen


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


def shown(width, **changed):
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    console.print(screen(snapshot(**changed), width, ["nothing is earned"], ["line 1"]))
    return stream.getvalue()


def pools(count):
    standings = [PoolStanding(replace(SOURCE, quota=3), True, SHARES, NO_LATENCY)]
    for number in range(1, count):
        status = replace(
            SOURCE, url=f"stratum+tcp://pool{number}.a-long-name.example:3333", number=number,
            rank=number, state=SourceState.DISCONNECTED, enabled=number != 2,
        )  # fmt: skip
        shares = replace(SHARES, accepted=0, rejected=number)
        standings.append(PoolStanding(status, False, shares, NO_LATENCY))
    return tuple(standings)


BOARD = replace(
    DEVICE,
    name="/dev/ttyACM0",
    backend="asic",
    sensors=(
        Sensor(Quantity.FREQUENCY, "chips", 485e6),
        Sensor(Quantity.TEMPERATURE, "chip", 62.4),
        Sensor(Quantity.FAN, "fan", 3200.0),
        Sensor(Quantity.VOLTAGE, "core", 1.2),
        Sensor(Quantity.POWER, "board", 18.04),
    ),
)


def test_several_pools_have_a_line_each_and_one_has_none():
    text = shown(100, pools=pools(3))
    assert "pool 0      authorized, mined on  21 accepted  quota 3  stratum+tcp://a:1" in text
    assert "pool 1      disconnected  0 accepted  1 rejected" in text
    assert "pool 2      disabled" in text
    assert "pool 0" not in shown(100)
    many = shown(100, pools=pools(20))
    assert "and 13 more" in many
    assert "pool 7" not in many


def test_readings_of_boards_and_cards_are_in_view():
    card = replace(DEVICE, name="opencl:0", backend="opencl")
    energy = EnergySnapshot(
        (DevicePower("opencl:0", 250.0, "nvml"), DevicePower("cpu", 65.0, "rapl")), 333.0
    )
    text = shown(80, devices=(BOARD, card), energy=energy)
    assert "/dev/ttyACM0  485 MHz  chip 62 C  fan 3200 rpm  core 1.20 V  18.0 W" in text
    assert "opencl:0      250.0 W" in text
    assert "cpu           65.0 W" in text
    assert "485 MHz" not in shown(80)


def test_devices_that_rest_share_a_line():
    idle = Rates(0.0, 1.0, 1.0, 1.0, 1.0)
    off = [replace(DEVICE, name=f"cpu{n}", enabled=False, rates=idle) for n in range(1, 4)]
    assert "cpu cpu1 off" in shown(80, devices=(DEVICE, off[0]))
    text = shown(80, devices=(DEVICE, *off))
    assert "3 devices off" in text
    assert "cpu1" not in text


@pytest.mark.parametrize("width", [24, 40, 60, 80, 132])
def test_everything_fits_the_width(width):
    long = replace(SOURCE, url="stratum+ssl://an-endless-name.of-a-pool.example:3333")
    text = shown(
        width,
        source=long,
        pools=pools(5),
        devices=(BOARD,) * 3,
        paused="127.0.0.1 over the API",
        rates=Rates(*[987.654e12] * 5),
        alerts=(Alert(AlertKind.TEMPERATURE, "/dev/ttyACM0", "chip 90 C " * 20, 1.0),),
    )
    assert max(map(len, text.splitlines())) <= width
    if width >= 60:
        assert "987.65 TH/s" in text
    if width >= 80:
        assert text.count("987.65 TH/s") == 4
        assert "62 C" in text


def lines_of(data):
    """Return what was drawn, without what steers the cursor."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", "replace"))
    return [line.rstrip() for line in text.replace("\r", "\n").splitlines()]


def test_it_is_drawn_anew_on_a_terminal_that_changes_its_size(environ):
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, 80))
    command = ("mine", "--backend", "reference", "--threads", "1", "--time-limit", "60")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "stampmill.core", *command],
        env=environ | {"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    try:
        seen = read_until(master, b"latency")
        assert max(map(len, lines_of(seen))) > 50
        termios.tcsetwinsize(slave, (40, 50))
        read_until(master, b"\x1b[2J")
        drawn_anew = read_until(master, b"latency") + read_until(master, b"latency")
        assert b"H/s" in drawn_anew
        assert max(map(len, lines_of(drawn_anew))) <= 50
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def read_until(file, mark):
    data = b""
    while mark not in data:
        data += os.read(file, 1)
    return data
