"""The benchmarks of the layers: each runs once here, so that none goes stale."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_layer_still_can_be_timed():
    # As `make bench` does it, but without the timing.
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-o", "python_files=bench_*.py"]
    options = ["--benchmark-disable", "-p", "no:cacheprovider", "bench/layers"]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    for layer in ("parser", "merkle", "verify", "codec"):
        assert (ROOT / "bench" / "layers" / f"bench_{layer}.py").is_file()
    assert "11 passed" in done.stdout
