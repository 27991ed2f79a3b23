import re
import socket

import pytest

from stampmill.core.cli.top import CHECK_SECONDS, NoRunError, check, url_of, watch
from stampmill.core.errors import ExitCode, UsageError
from tests.core.snapshots import snapshot

ANYWHERE = ("--backend", "reference", "--threads", "1", "--time-limit", "60")


class Shown:
    """A view that keeps what it is told."""

    refresh_seconds = 1.0

    def __init__(self):
        self.seen = []

    def start(self):
        pass

    def __call__(self, event):
        self.seen.append(event.text)

    def refresh(self, shot):
        self.seen.append(shot.accepted)

    def close(self):
        pass


def test_a_run_that_is_gone_is_waited_for():
    looks = iter([snapshot(accepted=2), NoRunError("gone"), NoRunError("gone"), snapshot()])

    def look():
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return found

    view = Shown()
    watch(view, snapshot(accepted=1), look, limit=4.0, sleep=lambda _seconds: None)
    assert view.seen == [1, 2, "gone; looking again every second", 2, 2, "the run is back"]


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ({"hashes": 2000}, ExitCode.DONE),
        ({"hashes": 1000}, ExitCode.FAILURE),
        ({"hashes": 1000, "paused": "me"}, ExitCode.DONE),
    ],
)
def test_a_run_is_well_if_it_hashes_or_has_a_reason_not_to(then, code):
    waits = []
    assert check(snapshot(hashes=1000), lambda: snapshot(**then), waits.append) is code
    assert waits == [CHECK_SECONDS]


def test_a_place_is_host_and_port():
    assert url_of("rig:8080") == url_of("http://rig:8080/") == "http://rig:8080/api/snapshot"
    for wrong in ("", "rig", ":80", "rig:x", "https://rig"):
        with pytest.raises(UsageError, match="names no run"):
            url_of(wrong)


def test_the_rate_of_another_process_is_shown(start, stampmill):
    process = start("mine", "--http-listen", "127.0.0.1:0", *ANYWHERE)
    line = next(line for line in process.stderr if "HTTP at " in line)
    place = re.search(r"127\.0\.0\.1:\d+", line)[0]
    next(line for line in process.stderr if " rate " in line)
    done = stampmill("top", place, "--time-limit", "1")
    assert (done.code, done.out) == (0, "")
    assert "H/s" in done.err
    done = stampmill("top", place, "--check")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_where_nothing_runs_it_says_so(stampmill):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound but not listening: refused
        done = stampmill("top", "--check", f"127.0.0.1:{held.getsockname()[1]}")
    assert done.code == 1
    assert "no run at http://127.0.0.1:" in done.error_lines[-1]
