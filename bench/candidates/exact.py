"""Instructions per hash as valgrind's callgrind counts them: the same on any machine.

It runs the kernel's process twice, over a short range and a longer one, and what the longer one
took more is the kernel's. Valgrind stands for a CPU with AVX2, but without AVX-512 and SHA-NI.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from stampmill.bench.candidates.referee import Candidate
from stampmill.bench.processes import children
from stampmill.core.errors import NoDeviceError, StampmillError

SHORT, LONG = 1 << 10, 1 << 14
"""Nonces: Python's start differs by some thousand instructions from run to run, of which this
leaves less than one for each hash."""
TIMEOUT = 300.0

_TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


class ValgrindError(StampmillError):
    """A kernel's instructions could not be counted; the text says why."""


def require() -> None:
    """Raise NoDeviceError without valgrind."""
    if shutil.which("valgrind") is None:
        raise NoDeviceError("--exact needs valgrind: install it (Debian: apt install valgrind)")


def instructions_per_hash(candidate: Candidate, versions: int, timeout: float = TIMEOUT) -> float:
    """Return them; raise ValgrindError where valgrind cannot count."""
    counts = [_count(candidate, versions, nonces, timeout) for nonces in (SHORT, LONG)]
    return (counts[1] - counts[0]) / ((LONG - SHORT) * versions)


def _count(candidate: Candidate, versions: int, nonces: int, timeout: float) -> int:
    settings = {"kernel": candidate.spec.text, "versions": versions, "nonces": nonces}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "counts")
        callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}"]
        words = _run([*callgrind, *children.command("count-kernel", settings)], timeout)
        totals = _TOTALS.search(file.read_text()) if file.exists() else None
    if totals is None or int(totals[1]) == 0:
        raise ValgrindError(words)
    return int(totals[1])


def _run(command: list[str], timeout: float) -> str:
    """Run it, and return what it said last; raise ValgrindError if it failed."""
    # Python's hashes of texts are random unless told otherwise, and so would be the count.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(  # noqa: S603  valgrind and our own module
            command, capture_output=True, text=True, timeout=timeout, check=False, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise ValgrindError(f"no count within {timeout:g} s") from error
    if done.returncode:
        raise ValgrindError(_reason(done.stderr))
    return _reason(done.stderr)


def _reason(text: str) -> str:
    """Return the kernel's last line; those between == marks are valgrind's own."""
    if "unrecognised instruction" in text or "SIGILL" in text:
        return "valgrind does not know its instructions"
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("==")]
    return lines[-1] if lines else "valgrind counted nothing"
