"""The kernels in an interpreter that sees data races and words that were never set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("interpreted.py")
OCLGRIND = shutil.which("oclgrind")

pytestmark = pytest.mark.skipif(OCLGRIND is None, reason="no oclgrind: make peers installs it")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run the program once; return what was said, by fault, and of right kernels under nothing."""
    done = subprocess.run(
        [OCLGRIND, "--data-races", "--uninitialized", sys.executable, "-P", str(PROGRAM)],
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    right, *faulty = done.stderr.split("-- ")
    return {"": right} | {name: text for name, _, text in (each.partition("\n") for each in faulty)}


def test_every_hit_is_reported_without_a_race(said: dict[str, str]) -> None:
    assert said[""] == ""


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("no atomic counter", "data race at global memory"),
        ("no end of the slots", "Invalid write of size 4 at global memory"),
        ("a slot that is read", "Uninitialized value written to global memory"),
    ],
)
def test_a_fault_is_seen(said: dict[str, str], fault: str, text: str) -> None:
    assert text in said[fault]
