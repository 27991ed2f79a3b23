"""The build switch STAMPMILL_NATIVE, tried on a copy of the checkout."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

pytest.importorskip("setuptools", reason="the build needs setuptools")

ROOT = Path(__file__).parents[2]
FOLDERS = ("bench", "core", "csrc", "kernels", "pool")
FILES = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
IS_X86 = platform.machine() in {"x86_64", "i386", "i686"}

needs_compiler = pytest.mark.skipif(shutil.which(COMPILER) is None, reason="no C compiler")

TITLE = b"SSE2, 4 nonces at once"

# Prints the kernels of the extension at argv[1].
LIST_KERNELS = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("_native", sys.argv[1])
native = module_from_spec(spec)
spec.loader.exec_module(native)
for index in range(native.lib.sm_kernel_count()):
    print(native.ffi.string(native.lib.sm_kernel_at(index).name).decode())
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The checkout without what was built in it."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in FOLDERS:
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns("*.so", "__pycache__")
        )
    for name in FILES:
        shutil.copy(ROOT / name, copy)
    return copy


def build(checkout: Path, command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "setup.py", "-q", *command.split()],
        cwd=checkout,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def poor_compiler(checkout: Path, *lacking: str, good_for: str = "-") -> str:
    """Return a compiler that is ours, but for some options that it does not know.

    It is told to be quick, not good, but for the file of the name `good_for`.
    """
    script = checkout / "poor-cc"
    script.write_text(
        f"#!/bin/sh\nfor option; do case $option in {'|'.join(lacking)}) exit 1;; esac; done\n"
        f'case "$*" in *{good_for}.c*) ;; *) set -- "$@" -O0;; esac\nexec {COMPILER} "$@"\n'
    )
    script.chmod(0o755)
    return str(script)


def built_wheel(checkout: Path) -> ZipFile:
    (wheel,) = (checkout / "dist").glob("*.whl")
    return ZipFile(wheel)


def test_auto_without_a_compiler_builds_a_pure_wheel_and_says_so(checkout: Path) -> None:
    run = build(checkout, "bdist_wheel", STAMPMILL_NATIVE="auto", CC="no-such-cc")
    assert run.returncode == 0, run.stderr
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("stampmill:")]
    assert "'no-such-cc' fails" in line
    assert "falls back to Numba" in line
    wheel = built_wheel(checkout)
    assert str(wheel.filename).endswith("-py3-none-any.whl")
    assert not [name for name in wheel.namelist() if name.endswith(".so")]


def test_require_without_a_compiler_fails_in_one_line(checkout: Path) -> None:
    run = build(checkout, "build_ext --inplace", STAMPMILL_NATIVE="require", CC="no-such-cc")
    assert run.returncode == 1
    assert run.stderr.startswith("STAMPMILL_NATIVE=require: no C compiler")
    assert run.stderr.count("\n") == 1


def test_skip_builds_no_extension(checkout: Path) -> None:
    run = build(checkout, "build_ext --inplace", STAMPMILL_NATIVE="skip")
    assert run.returncode == 0, run.stderr
    assert not list(checkout.rglob("*.so"))


def test_unknown_switch_is_refused_by_value(checkout: Path) -> None:
    run = build(checkout, "--version", STAMPMILL_NATIVE="maybe")
    assert run.returncode == 1
    assert run.stderr == "STAMPMILL_NATIVE is auto, require or skip, not 'maybe'\n"


@needs_compiler
@pytest.mark.skipif(not IS_X86, reason="only x86 has kernels to leave out")
def test_instruction_sets_that_the_compiler_lacks_are_left_out_alone(
    checkout: Path,
) -> None:
    compiler = poor_compiler(checkout, "-mavx512f", "-mavx2")
    run = build(checkout, "bdist_wheel", STAMPMILL_NATIVE="require", CC=compiler)
    assert run.returncode == 0, run.stderr
    for name in ("avx512", "avx2"):
        assert f"stampmill: this C compiler lacks {name}: its kernel is left out" in run.stderr
    wheel = built_wheel(checkout)
    assert "-cp311-abi3-" in str(wheel.filename)
    extension = wheel.extract("stampmill/core/_native.abi3.so", checkout)
    listed = subprocess.run(
        [sys.executable, "-c", LIST_KERNELS, extension], capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == ["shani", "sse2", "generic"]
    assert TITLE in Path(extension).read_bytes()
    _assert_change_of_the_generator_is_built(checkout)


def _assert_change_of_the_generator_is_built(checkout: Path) -> None:
    """In the same folder, since it is about what was built there before."""
    compiler = poor_compiler(checkout, "-mavx512f", "-mavx2", "-msha")
    sets = checkout / "kernels/sets.py"
    sets.write_bytes(sets.read_bytes().replace(TITLE, b"SSE2, as it is now"))
    run = build(checkout, "build_ext", STAMPMILL_NATIVE="require", CC=compiler)
    assert run.returncode == 0, run.stderr
    (extension,) = checkout.glob("build/lib*/stampmill/core/_native.abi3.so")
    assert b"SSE2, as it is now" in extension.read_bytes()
    assert not list(checkout.joinpath("csrc").glob("scan_sse2.c"))


@needs_compiler
@pytest.mark.skipif(not IS_X86, reason="only x86 has SHA-NI")
@pytest.mark.skipif(shutil.which("objdump") is None, reason="no objdump")
def test_shani_keeps_to_narrow_registers_whatever_cflags_say(checkout: Path) -> None:
    # Code that is not optimized would use no wide registers whatever the flags.
    compiler = poor_compiler(checkout, "-mavx512f", "-mavx2", "-msse2", good_for="scan_shani")
    flags = "-march=x86-64-v4"
    run = build(
        checkout, "build_ext --inplace", STAMPMILL_NATIVE="require", CC=compiler, CFLAGS=flags
    )
    assert run.returncode == 0, run.stderr
    (built,) = checkout.glob("build/temp*/csrc/scan_shani.o")
    listing = subprocess.run(["objdump", "-d", built], capture_output=True, text=True, check=True)
    assert "sha256rnds2" in listing.stdout
    assert "%ymm" not in listing.stdout


@needs_compiler
@pytest.mark.parametrize("switch", ["auto", "require"])
def test_broken_c_file_fails_the_build_and_names_the_cure(checkout: Path, switch: str) -> None:
    with (checkout / "csrc/cpu.c").open("a") as source:
        source.write("this is no C\n")
    compiler = poor_compiler(checkout, "-mavx512f", "-mavx2", "-msha", "-msse2")
    run = build(checkout, "build_ext --inplace", STAMPMILL_NATIVE=switch, CC=compiler)
    assert run.returncode != 0
    assert "STAMPMILL_NATIVE=skip installs without the C kernels" in run.stderr
