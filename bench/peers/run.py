"""Runs another miner's benchmark for a while, and takes its word for its rate."""

import os
import queue
import shlex
import shutil
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from stampmill.bench.host import machine
from stampmill.bench.peers import formats
from stampmill.bench.peers.formats import Report
from stampmill.core.errors import StampmillError, UsageError

SECONDS = 5.0
"""How long a peer runs in a round: miners tell their rate every few seconds."""
PATIENCE = 60.0
"""How long it may take until it tells the first."""

_STOP_SECONDS = 5.0


class PeerError(StampmillError):
    """A peer told no rate; the text has its last line."""


def name_of(command: str) -> str:
    """Return what a table calls it: the program's name, without the folder."""
    return Path(words_of(command)[0]).name


def check(command: str) -> None:
    """Raise UsageError for a program that is not there, before anything is measured."""
    program = words_of(command)[0]
    if shutil.which(program) is None:
        raise UsageError(f"peer '{command}': there is no program {program}")


def words_of(command: str) -> list[str]:
    """Return the words of a command line; raise UsageError for none."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--peer '{command}': {error}") from error
    if not words:
        raise UsageError("--peer wants a command, such as 'minerd -a sha256d --benchmark -t 1'")
    return words


def measure(command: str, cpu: int, seconds: float = SECONDS, patience: float = PATIENCE) -> Report:
    """Run it on one CPU for so long, or until it ends, and return the last rate that it told.

    Raise UsageError if it cannot be started, PeerError if it told none.
    """
    lines: list[str] = []
    with machine.pinned(cpu):
        process = _started(command)
    try:
        ended = _listen(process, lines, seconds, patience)
    finally:
        _end(process)
    report = formats.latest(lines)
    if report is None or not report.hashes_per_second:
        said = next(
            (f"its last line: {line}" for line in reversed(lines) if line), "it said nothing"
        )
        when = "before it ended" if ended else f"within {patience:g} s"
        raise PeerError(f"peer '{command}' told no rate {when}; {said}")
    return report


def _started(command: str) -> "subprocess.Popen[str]":
    """Start it in a session of its own, so that what it starts itself can be ended, too."""
    try:
        return subprocess.Popen(  # noqa: S603  the user's own command
            words_of(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(f"peer '{command}' does not start: {error.strerror}") from error


def _listen(
    process: "subprocess.Popen[str]", lines: list[str], seconds: float, patience: float
) -> bool:
    """Collect lines until it has run so long and told a rate, or has ended; return whether."""
    said: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
    begun = time.monotonic()
    told = False
    while (passed := time.monotonic() - begun) < (seconds if told else patience):
        with suppress(queue.Empty):
            line = said.get(timeout=(seconds if told else patience) - passed)
            if line is None:
                return True
            lines.append(line)
            told = told or formats.read(line) is not None
    return False


def _read(stream: IO[str] | None, said: "queue.Queue[str | None]") -> None:
    """Pass lines on; a carriage return ends one as well, as in a status that is drawn over."""
    for line in stream or ():
        for part in line.splitlines():
            said.put(part.strip())
    said.put(None)


def _end(process: "subprocess.Popen[str]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            break
    if process.stdout is not None:
        process.stdout.close()
