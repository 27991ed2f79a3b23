"""The targets hold on what they begin with, and for some seconds of fuzzing; `make fuzz` does more.

With STAMPMILL_FUZZ_SECONDS they share so many seconds instead.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from .targets import TARGETS, seeds, words

SECONDS = int(os.environ.get("STAMPMILL_FUZZ_SECONDS", "0")) // len(TARGETS)
INPUTS = {"client": 1_200, "server": 1_200, "template": 20_000}
"""A second or two of each, of which the first half counts as the warm-up."""
MOST_SECONDS = 60
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
    inputs = INPUTS[name]
    enough = [] if SECONDS else ["--inputs", str(inputs), "--warm-up", str(inputs // 2)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", name, "--seconds", str(SECONDS or MOST_SECONDS),
         *enough, "--corpus", str(tmp_path / "corpus")],
        cwd=ROOT, capture_output=True, text=True, timeout=SECONDS + 2 * MOST_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None
    assert int(runs[1]) > 100
