"""What is asked of every kernel, of Intel's OpenCL for CPUs; it does not share a process with PoCL.

Its libraries have to be on the loader's path before a process starts.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
INTEL = ROOT / ".peers" / "intel"
SUITE = Path(__file__).with_name("test_devices.py")


@pytest.mark.skipif(
    not (INTEL / "icd").is_dir(), reason="no OpenCL runtime of Intel's: make peers installs it"
)
def test_a_cpu_under_intels_runtime_meets_the_contract(tmp_path: Path) -> None:
    found = {
        "LD_LIBRARY_PATH": str(INTEL / "lib"),
        "OCL_ICD_VENDORS": str(INTEL / "icd"),
        "XDG_CACHE_HOME": str(tmp_path),
    }
    # One shape; full buffers take long, and are the host's matter, which PoCL's tests see to.
    wanted = "TestOpenClKernel and own and not once and not full_buffer"
    chosen = ["-k", wanted, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", *chosen, str(SUITE)],
        env=os.environ | found,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
