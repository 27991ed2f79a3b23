"""The page for whoever brings a kernel: its examples are run, each as the page says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stampmill.bench.candidates import referee
from stampmill.bench.candidates.referee import Limits
from stampmill.bench.candidates.spec import parse
from stampmill.bench.host.machine import usable_cpus
from stampmill.core import native
from stampmill.core.backends.opencl import backend as opencl

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "bench" / "examples"
PAGE = (ROOT / "bench" / "KERNELS.md").read_text(encoding="utf-8")
LIMITS = Limits(usable_cpus()[-1], 60.0)


def proved(kernel):
    """Check it, and let it take part in a round."""
    candidate = referee.check(parse(kernel), (1,), 0.001, LIMITS)
    (run,) = referee.measure(candidate, LIMITS)
    assert run.sample.cpu_seconds > 0
    return candidate


@pytest.mark.skipif(not native.available(), reason=native.why_unavailable() or "built")
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_shared_object_takes_part(tmp_path):
    (line,) = re.findall(r"^cc .* -o double.so (?:.*)$", PAGE, re.MULTILINE)
    command = line.replace("double.so", f"{tmp_path}/double.so").split()
    subprocess.run([*command, "-Wall", "-Wextra", "-Werror"], cwd=ROOT, check=True)
    candidate = proved(f"{tmp_path}/double.so")
    assert candidate.name == "double"
    assert candidate.provenance["compiler"]


def test_the_function_takes_part(monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    assert proved("plain:scan").description.startswith("Hash by hashlib")


@pytest.mark.skipif(bool(opencl.describe().why_not), reason=opencl.describe().why_not or "there")
def test_the_opencl_file_takes_part():
    assert proved(str(EXAMPLES / "double.cl")).name == "double.cl"


def test_a_plug_in_takes_part(tmp_path, monkeypatch):
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (section,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    group = re.search(r'entry-points."(.*?)"', section)[1]
    name, target = re.search(r'^(\w+) = "(.*)"', section, re.MULTILINE).groups()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
    source = "from stampmill.core.backends.reference import ReferenceKernel as Kernel\n"
    (tmp_path / "mine.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert proved("mine").name == "reference"


@pytest.mark.parametrize(("language", "file"), [("c", "double.c"), ("python", "plain.py")])
def test_what_the_page_shows_is_in_the_example(language, file):
    shown = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]
    assert shown in (EXAMPLES / file).read_text(encoding="utf-8")
