"""Child processes: each measurement gets a fresh one, and the pool its own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from stampmill.core.errors import StampmillError

STOP_SECONDS = 10.0

Settings = Mapping[str, Any]
Result = dict[str, Any]


class ChildError(StampmillError):
    """A process that was to be measured failed; the text ends with its last words."""


class ChildTimeoutError(ChildError):
    """It took too long, and was ended."""


class ChildExitError(ChildError):
    """It ended by itself: `code` is its exit code, or a signal's number below zero."""

    def __init__(self, role: str, code: int, words: str) -> None:
        super().__init__(f"{role}: {words}")
        self.code = code
        self.words = words


def call(role: str, settings: Settings, timeout: float) -> Result:
    """Run a role of `stampmill.bench.processes` and return its result.

    Raise ChildError if it fails or takes longer.
    """
    line = command(role, settings)
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            line, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ChildTimeoutError(f"{role}: no result within {timeout:.0f} s") from error
    if done.returncode:
        raise ChildExitError(role, done.returncode, _last_words(done.stderr))
    return _parsed(role, done.stdout)


class Child:
    """A role that says in one line that it is ready, and in another what it did when stopped.

    It is stopped by closing its input, so that it cannot outlive us.
    """

    def __init__(self, role: str, settings: Settings) -> None:
        """Start it; raise ChildError if it does not become ready."""
        self._role = role
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command(role, settings), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            self.ready = self._next()
        except ChildError:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, order: Settings) -> None:
        """Give it a line on its input, if its role reads any."""
        pipe = self._pipe(self._process.stdin)
        pipe.write(json.dumps(dict(order)) + "\n")
        pipe.flush()

    def stop(self) -> Result:
        """Ask it to end and return its last words; raise ChildError if it does not."""
        self._pipe(self._process.stdin).close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise ChildError(f"{self._role}: did not stop in {STOP_SECONDS:.0f} s") from error
        return self._next()

    def kill(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            self._pipe(pipe).close()

    def _next(self) -> Result:
        line = self._pipe(self._process.stdout).readline()
        if not line:
            raise ChildError(f"{self._role}: ended without a word (exit {self._process.wait()})")
        return _parsed(self._role, line)

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise ChildError("a child without pipes")
        return pipe


@contextmanager
def running(role: str, settings: Settings) -> Iterator[Child]:
    """Keep a child for a block; afterwards it is gone, stopped or not."""
    child = Child(role, settings)
    try:
        yield child
    finally:
        child.kill()


def command(role: str, settings: Settings) -> list[str]:
    """Return the command line that runs a role."""
    # -P keeps the working directory off the path: a checkout's folders are no import names.
    module = "stampmill.bench.processes"
    return [sys.executable, "-P", "-m", module, role, json.dumps(dict(settings))]


def _parsed(role: str, text: str) -> Result:
    try:
        result = json.loads(text)
    except ValueError as error:
        raise ChildError(f"{role}: printed {text[:200]!r} instead of a result") from error
    return dict(result)


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "failed without a word"
