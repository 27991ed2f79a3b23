import socket
from dataclasses import replace
from pathlib import Path

from stampmill.core.operate.service import Notifier, Pulse, status
from tests.core.snapshots import DEVICE, snapshot


def test_messages_go_to_the_managers_socket(tmp_path: Path) -> None:
    place = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(place)
        manager.settimeout(5)
        Notifier({"NOTIFY_SOCKET": place}).tell(READY=1, STATUS="5 MH/s")
        assert manager.recv(1000) == b"READY=1\nSTATUS=5 MH/s"


def test_a_name_in_the_abstract_namespace_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")  # Linux chooses an abstract name
        manager.settimeout(5)
        Notifier({"NOTIFY_SOCKET": "@" + manager.getsockname()[1:].decode()}).tell(READY=1)
        assert manager.recv(1000) == b"READY=1"


def test_a_manager_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    Notifier({}).tell(READY=1)
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell(READY=1)
    assert not Notifier({}).wanted


def test_the_watchdog_is_for_the_process_that_is_meant() -> None:
    environ = {"WATCHDOG_USEC": "90000000"}
    assert Notifier(environ, 7).watchdog == 90.0
    assert Notifier(environ | {"WATCHDOG_PID": "7"}, 7).watchdog == 90.0
    assert Notifier(environ | {"WATCHDOG_PID": "8"}, 7).watchdog is None
    for odd in ("", "x", "0", "-5"):
        assert Notifier({"WATCHDOG_USEC": odd}, 7).watchdog is None


def test_a_run_that_has_work_and_does_none_has_no_pulse() -> None:
    pulse = Pulse()
    assert pulse.beats(snapshot(hashes=5))
    assert pulse.beats(snapshot(hashes=6))
    assert not pulse.beats(snapshot(hashes=6))
    assert pulse.beats(snapshot(hashes=7))


def test_a_run_may_rest_for_a_reason() -> None:
    resting = (replace(DEVICE, enabled=False), replace(DEVICE, held=True))
    for reason in ({"paused": "SIGUSR1"}, {"job": None}, {"devices": resting}):
        pulse = Pulse()
        assert pulse.beats(snapshot(hashes=0, **reason))
        assert pulse.beats(snapshot(hashes=0, **reason)), reason


def test_the_status_is_one_line() -> None:
    assert status(snapshot(), "5.00 MH/s") == "5.00 MH/s, 21 accepted, 0 rejected"
    assert status(snapshot(job=None), "") == "no job from stratum+tcp://a:1"
    assert status(snapshot(paused="me"), "") == "paused by me, 21 accepted"
