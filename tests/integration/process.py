"""A process under test: its lines as they come, and its end whatever happens."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".peers"
PATIENCE = 60.0
"""Seconds that anything may take which takes less than one on an idle machine."""

ASK_SECONDS = 0.1

Event = dict[str, Any]


class Process:
    """A running command. Standard output and error are read line by line, together.

    A line that is a JSON object with an "event" counts as an event of that name.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path = ROOT,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def events(self, name: str) -> list[Event]:
        """Return the events of that name so far."""
        with self._changed:
            found = [event for line in self.lines if (event := _event(line))]
        return [event for event in found if event["event"] == name]

    def wait_for(self, name: str, count: int = 1, seconds: float = PATIENCE) -> list[Event]:
        """Return the events of that name once there are `count`; fail after `seconds`."""
        self.wait_until(lambda: len(self.events(name)) >= count, f"{count} {name}", seconds)
        return self.events(name)

    def wait_for_line(self, part: str, seconds: float = PATIENCE) -> str:
        """Return the first line that holds `part`; fail after `seconds`."""
        self.wait_until(lambda: any(part in line for line in self.lines), repr(part), seconds)
        return next(line for line in self.lines if part in line)

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Return when `ready` says so; fail after `seconds` or the end.

        It is asked after each line, and between them now and then: it may ask somebody else.
        """
        end = time.monotonic() + seconds
        with self._changed:
            while not (ready() or self._ended) and time.monotonic() < end:
                self._changed.wait(ASK_SECONDS)
            if not ready():
                tail = "\n".join(self.lines[-30:])
                raise AssertionError(f"{what} not seen within {seconds} s, but:\n{tail}")

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return the exit status of a process that ends by itself."""
        status = self._process.wait(seconds)
        self._reader.join()
        return status

    def report(self) -> dict[str, Any]:
        """Return the JSON object that ended its standard output."""
        last = next(line for line in reversed(self.lines) if line.startswith("{"))
        report: dict[str, Any] = json.loads(last)
        return report

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """End it, by asking, then by force."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def print_lines(self) -> None:
        """Print all that it said."""
        print("\n".join([f"--- {self.name}", *self.lines]))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def launch(script: str, settings: Mapping[str, object], folder: Path = ROOT) -> Process:
    """Start a launcher of tests/peers with its settings."""
    command = ["node", str(ROOT / "tests" / "peers" / script), json.dumps(settings)]
    environment = {**os.environ, "NODE_PATH": str(PEERS / "node_modules")}
    return Process(script, command, folder=folder, environment=environment)


def stampmill(arguments: Sequence[str], config: Path) -> Process:
    """Start our own command as a user without settings has it; `config` is an empty folder."""
    command = [sys.executable, "-P", "-m", "stampmill.core", *arguments]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STAMPMILL_") or name in _KEPT
    }
    environment["XDG_CONFIG_HOME"] = str(config)
    return Process(f"stampmill {arguments[0]}", command, environment=environment)


_KEPT = {"STAMPMILL_KERNEL", "STAMPMILL_CPU_PRIORITY"}
"""What says how tests are run, not what is run."""


def _event(line: str) -> Event | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None
    return event if "event" in event else None
