"""Generated C: it compiles without a warning, and a kernel with one wrong number is noticed."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from stampmill.core import native
from stampmill.core.errors import VerificationError
from stampmill.kernels.c.code import source
from stampmill.kernels.c.generate import write_kernel
from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.sets import instruction_set

from .mutant import mutant_source
from .test_driver import COMPILER, ROOT, SETS

IS_X86 = platform.machine() in {"x86_64", "i386", "i686"}
COMPILERS = {"gcc": shutil.which("gcc"), "clang": next(
    filter(None, map(shutil.which, ["clang", "clang-19", "clang-16", "clang-14"])), None
)}  # fmt: skip
EXPORT = "const sm_kernel *stampmill_kernel(void) {{ return &sm_kernel_{}; }}\n"

pytestmark = pytest.mark.skipif(not IS_X86, reason="the sets of other processors are cross-tested")
generated = pytest.mark.parametrize("name", ["avx512", "avx2", "sse2"])


def shared_object(name: str, text: str, folder: Path) -> Path:
    """Compile a kernel's source into a shared object that exports it."""
    path = folder / f"{name}.so"
    code = path.with_suffix(".c")
    code.write_text(text + EXPORT.format(name))
    support = folder / "cpu.c"
    support.write_text((ROOT / "csrc/cpu.c").read_text())
    flags = ["-std=c11", "-O0", "-shared", "-fPIC", f"-I{ROOT / 'csrc'}", *SETS[name]]
    built = subprocess.run(
        [*COMPILER, *flags, "-w", str(code), str(support), "-o", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return path


def needs_kernel(name: str) -> None:
    if not native.available():
        pytest.skip(native.why_unavailable())
    info = next((info for info in native.kernels() if info.name == name), None)
    if info is None or not info.supported:
        pytest.skip(info.why_not if info else "the C compiler lacks this set")


@generated
def test_kernel_with_one_wrong_number_fails_its_self_test(name: str, tmp_path: Path) -> None:
    needs_kernel(name)
    path = shared_object(name, mutant_source(instruction_set(name)), tmp_path)
    with pytest.raises(VerificationError, match="fails its self-test"):
        native.load(str(path))


def test_kernel_without_one_passes_in_the_same_shape(tmp_path: Path) -> None:
    # One of them will do: test_driver.py tries each.
    needs_kernel("sse2")
    path = shared_object("sse2", source(instruction_set("sse2")), tmp_path)
    assert native.load(str(path)).name == "sse2"


@generated
@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_compiler_warns(name: str, compiler: str, tmp_path: Path) -> None:
    command = COMPILERS[compiler]
    if command is None:
        pytest.skip(f"no {compiler}")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT / 'csrc'}"]
    code = write_kernel(name, tmp_path)
    built = subprocess.run(
        [command, *flags, *SETS[name], str(code)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr


def test_same_source_is_not_written_twice(tmp_path: Path) -> None:
    path = write_kernel("sse2", tmp_path)
    os.utime(path, (1, 1))
    assert write_kernel("sse2", tmp_path).stat().st_mtime == 1
    path.write_text("something else")
    assert write_kernel("sse2", tmp_path).read_text() == source(instruction_set("sse2"))


def test_unknown_kernel_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match="'altivec'"):
        write_kernel("altivec", tmp_path)
