"""Compiles the C sources with the C test driver, with sanitizers and with fewer kernels."""

import os
import platform
import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest

from stampmill.kernels.c.generate import write_kernel

ROOT = Path(__file__).parents[2]
COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FLAGS = ["-std=c11", "-O0", "-g1", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]
X86_SETS = {
    "avx512": ["-mavx512f", "-mavx512bw"],
    "shani": ["-mno-avx", "-mssse3", "-msse4.1", "-msha"],
    "avx2": ["-mavx2"],
    "sse2": ["-msse2"],
}
ARM64_SETS = {"armv8": ["-march=armv8-a+crypto"], "neon": ["-march=armv8-a"]}
GENERATED = {"avx512", "avx2", "sse2", "neon"}
FAMILIES = {"x86_64": X86_SETS, "i686": X86_SETS, "aarch64": ARM64_SETS}
SETS: dict[str, list[str]] = FAMILIES.get(platform.machine(), {})
SOURCES = ["csrc/cpu.c", "csrc/selftest.c", "csrc/scan_generic.c", "tests/csrc/driver.c"]


def compile_c(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run([*COMPILER, *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no C compiler: {error}")


@pytest.fixture(scope="module")
def sanitizers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    probe = tmp_path_factory.mktemp("probe") / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    built = compile_c([*SANITIZERS, str(probe), "-o", str(probe.with_suffix(""))])
    if built.returncode:
        pytest.skip(f"the C compiler has no sanitizers: {built.stderr.splitlines()[-1]}")
    return SANITIZERS


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory, sanitizers: list[str]) -> list[Path]:
    """Everything but dispatch.c, each kernel with the flags of its set."""
    folder = tmp_path_factory.mktemp("objects")
    kernels = {source_of(name, folder): flags for name, flags in SETS.items()}
    flags_of: dict[Path, list[str]] = {ROOT / source: [] for source in SOURCES} | kernels
    return [
        build_object(source, folder, [*sanitizers, *flags]) for source, flags in flags_of.items()
    ]


def source_of(kernel: str, folder: Path) -> Path:
    return write_kernel(kernel, folder) if kernel in GENERATED else ROOT / f"csrc/scan_{kernel}.c"


def build_object(source: Path, folder: Path, options: list[str]) -> Path:
    output = folder / f"{source.stem}.o"
    built = compile_c([*FLAGS, *options, "-c", str(source), "-o", str(output)])
    assert built.returncode == 0, built.stderr
    return output


def run_driver(
    folder: Path, objects: list[Path], sanitizers: list[str], *more: str
) -> "subprocess.CompletedProcess[str]":
    driver = folder / "driver"
    linked = compile_c([*sanitizers, *map(str, objects), "-o", str(driver)])
    assert linked.returncode == 0, linked.stderr
    # 20 milliseconds for a cancel: this build is some hundred times slower than the real one.
    arguments = [str(driver), "20000", *more]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("left_out", [[], [*SETS][:2], [*SETS]], ids=str)
def test_kernels_left_in_pass_the_driver_under_the_sanitizers(
    left_out: list[str], objects: list[Path], sanitizers: list[str], tmp_path: Path
) -> None:
    macros = [f"-DSM_NO_{name.upper()}" for name in left_out]
    dispatch = build_object(ROOT / "csrc/dispatch.c", tmp_path, [*sanitizers, *macros])
    run = run_driver(tmp_path, [*objects, dispatch], sanitizers)
    assert run.returncode == 0, run.stdout + run.stderr
    # Each line is a kernel's name, or its name and what it lacks here.
    tried = [line.partition(" ")[0] for line in run.stdout.splitlines()]
    assert tried == [*(name for name in SETS if name not in left_out), "generic"]


def test_sanitizers_see_a_read_past_the_header(
    objects: list[Path], sanitizers: list[str], tmp_path: Path
) -> None:
    dispatch = build_object(ROOT / "csrc/dispatch.c", tmp_path, sanitizers)
    run = run_driver(tmp_path, [*objects, dispatch], sanitizers, "1")
    assert run.returncode != 0
    assert "heap-buffer-overflow" in run.stderr


def test_public_header_stands_alone_in_c_and_cpp(tmp_path: Path) -> None:
    source = '#include "sha256d.h"\nint main(void) { return (int)sm_kernel_count(); }\n'
    for name, standard in (("alone.c", "-std=c99"), ("alone.cpp", "-std=c++11")):
        path = tmp_path / name
        path.write_text(source)
        built = compile_c([standard, "-fsyntax-only", "-pedantic", *FLAGS[3:], str(path)])
        assert built.returncode == 0, built.stderr
