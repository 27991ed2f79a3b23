"""The kernels in an interpreter that sees data races and words that were never set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .interpreted import FAULTS

OCLGRIND = shutil.which("oclgrind")

pytestmark = pytest.mark.skipif(OCLGRIND is None, reason="no oclgrind: make peers installs it")

PROGRAM = Path(__file__).with_name("interpreted.py")


def said(tmp_path: Path, *fault: str) -> "subprocess.CompletedProcess[str]":
    assert OCLGRIND
    program = [sys.executable, "-P", str(PROGRAM), *fault]
    return subprocess.run(
        [OCLGRIND, "--data-races", "--uninitialized", "--max-errors", "3", *program],
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_hit_is_reported_without_a_race(tmp_path: Path) -> None:
    done = said(tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    ("fault", "text"),
    list(zip(FAULTS, ("race", "Invalid write", "Uninitialized"), strict=True)),
    ids=list(FAULTS),
)
def test_a_fault_is_seen(tmp_path: Path, fault: str, text: str) -> None:
    assert text in said(tmp_path, fault).stderr
