"""Runs the real command in its own process, as a user does, or where that is enough in this."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from stampmill.core.cli.main import main


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def error_lines(self) -> list[str]:
        return self.err.splitlines()


@pytest.fixture
def environ(tmp_path):
    """An environment without settings of the person who runs the tests."""
    # Size is the terminal's own; workers of pytest are told another.
    left_out = ("STAMPMILL_", "COLUMNS", "LINES")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    folders = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    # Threads that give way would wait for other tests.
    return kept | folders | {"NO_COLOR": "1", "STAMPMILL_CPU_PRIORITY": "normal"}


@pytest.fixture
def stampmill(environ):
    """Run `stampmill ARGUMENTS` to its end."""

    def run(*arguments: str, **variables: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "stampmill.core", *arguments],
            env=environ | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def refused(environ, monkeypatch, capsys):
    """Call `stampmill ARGUMENTS` in this process: quick, for what ends before it mines."""

    def run(*arguments: str) -> Finished:
        for name in os.environ.keys() - environ.keys():
            monkeypatch.delenv(name)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(arguments)
        return Finished(code, *capsys.readouterr())

    return run


@pytest.fixture
def start(environ):
    """Start `stampmill ARGUMENTS` and leave it running; it is killed after the test."""
    running = []

    def run(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "stampmill.core", *arguments],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
