"""The targets hold on what they begin with, and for half a minute of fuzzing together."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from .targets import TARGETS, seeds, words

SECONDS = int(os.environ.get("STAMPMILL_FUZZ_SECONDS", "30")) // len(TARGETS)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_on_its_seeds_and_on_edits_of_them(name: str) -> None:
    random, known = Random(name), words()
    for seed in seeds(name):
        TARGETS[name](seed)
        for _ in range(20):
            place, size = random.randrange(len(seed) + 1), random.randrange(12)
            TARGETS[name](seed[:place] + random.choice(known) + seed[place + size :])


def test_a_target_fails_where_a_promise_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    from stampmill.pool.upstream.share_ledger import ShareLedger  # noqa: PLC0415

    monkeypatch.setattr(ShareLedger, "lose", lambda *_: [])
    with pytest.raises(AssertionError, match="a share without a result"):
        TARGETS["client"](b"@s")


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_fuzzing_finds_no_crash_no_hang_and_no_growth(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it has wheels for Linux on x86-64 only")
    command = [sys.executable, "-m", "tests.fuzz.run", name, "--seconds", str(SECONDS)]
    done = subprocess.run(
        [*command, "--corpus", str(tmp_path / "corpus")],
        cwd=ROOT, capture_output=True, text=True, timeout=SECONDS + 60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None
    assert int(runs[1]) > 100
