"""The `stampmill mine` command as a user starts it, watched from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stampmill.bench.processes.children import ChildError

_MINE = (sys.executable, "-P", "-m", "stampmill.core", "mine", "--lines")


class MineCommand:
    """A running `stampmill mine`. `started_at` is monotonic seconds, before it was spawned."""

    def __init__(self, process: "subprocess.Popen[str]", started_at: float) -> None:
        self.started_at = started_at
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def seconds_to(self, kind: str, words: str = "") -> float:
        """Return the seconds from the start to its first line of a kind with these words.

        Raise ChildError if it ends without one.
        """
        last = ""
        for line in self._process.stderr or ():
            last = line.strip() or last
            if line.split()[1:2] == [kind] and words in line:
                return time.monotonic() - self.started_at
        raise ChildError(f"stampmill mine ended without a line of '{kind}': {last}")

    def ended(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None


@contextmanager
def mining(arguments: Sequence[str], cache: Path) -> Iterator[MineCommand]:
    """Run the command for a block, its byte code in a cache of its own, as an install has it."""
    started_at = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  our own interpreter and module
        [*_MINE, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(cache),
    )
    try:
        yield MineCommand(process, started_at)
    finally:
        process.kill()
        process.communicate()


def _environment(cache: Path) -> dict[str, str]:
    """Return ours without what would change the command: its settings, and unwritten byte code."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STAMPMILL_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "PYTHONPYCACHEPREFIX": str(cache), "XDG_CONFIG_HOME": str(cache)}
