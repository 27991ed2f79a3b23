"""The kernels of 64-bit ARM on any machine: cross-compiled, and run under qemu's user mode."""

import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from stampmill.kernels.c.generate import write_kernel
from stampmill.kernels.sets import instruction_set

from .mutant import mutant_source

ROOT = Path(__file__).parents[2]
COMPILER = "aarch64-linux-gnu-gcc"
EMULATOR = "qemu-aarch64"
ABSENT = [name for name in (COMPILER, EMULATOR) if shutil.which(name) is None]
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]
# As in setup.py, with its reason.
PASSES = ("schedule-insns", "schedule-insns2", "tree-ter", "tree-reassoc", "tree-pre", "gcse")
SETS = {"armv8": "-march=armv8-a+crypto", "neon": "-march=armv8-a"}
# The emulator is slow: of the contract's lengths, those of up to eight batches and a rest.
FURTHEST = "35"
# One batch: with more a count says no more.
NONCES = {"armv8": 4, "neon": 4, "generic": 1}
# Instructions per hash with one version and with 16: what was counted with gcc 12, and a little.
MOST_INSTRUCTIONS = {"armv8": (270, 180), "neon": (1300, 1100), "generic": (3600, 3100)}

pytestmark = pytest.mark.skipif(
    bool(ABSENT), reason=f"no {' and no '.join(ABSENT)}: `make peers` installs them"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aarch64")


@pytest.fixture(scope="module")
def objects(folder: Path) -> Mapping[str, Path]:
    """Everything but the programs, by name, each kernel with the flags of its set."""
    sources = {name: ROOT / f"csrc/{name}.c" for name in ("cpu", "dispatch", "selftest")}
    for name in ("armv8", "generic"):
        sources[name] = ROOT / f"csrc/scan_{name}.c"
    sources["neon"] = write_kernel("neon", folder)
    return {name: build_object(name, source, folder) for name, source in sources.items()}


def build_object(name: str, source: Path, folder: Path, level: str = "-O3") -> Path:
    own = [SETS[name], *(f"-fno-{step}" for step in PASSES)] if name in SETS else []
    output = folder / f"{name}.o"
    compile_c([*FLAGS, level, *own, "-c", str(source), "-o", str(output)])
    return output


@pytest.fixture(scope="module")
def mains(folder: Path) -> Mapping[str, Path]:
    """The programs' own objects, compiled once and in no haste to run."""
    names = ("driver", "contract", "count")
    return {
        name: build_object(name, ROOT / f"tests/csrc/{name}.c", folder, "-O0") for name in names
    }


def link(main: Path, objects: Mapping[str, Path], folder: Path) -> str:
    program = folder / main.stem
    compile_c(["-static", str(main), *map(str, objects.values()), "-o", str(program)])
    return str(program)


def compile_c(arguments: list[str]) -> None:
    built = subprocess.run([COMPILER, *arguments], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


def emulate(program: str, *arguments: str) -> str:
    command = [EMULATOR, program, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_kernels_pass_the_driver(
    objects: Mapping[str, Path], mains: Mapping[str, Path], tmp_path: Path
) -> None:
    driver = link(mains["driver"], objects, tmp_path)
    # 20 milliseconds for a cancel: the emulator is some dozen times slower than a CPU.
    assert emulate(driver, "20000").split() == ["armv8", "neon", "generic"]


def test_kernels_find_what_portable_code_finds(
    objects: Mapping[str, Path], mains: Mapping[str, Path], tmp_path: Path
) -> None:
    contract = link(mains["contract"], objects, tmp_path)
    assert emulate(contract, FURTHEST).split() == ["armv8", "neon"]


def armv8_mutant() -> str:
    right = (ROOT / "csrc/scan_armv8.c").read_text()
    wrong = right.replace("set(0, 0, 0, SM_DIGEST_BITS)", "set(0, 0, 0, 512)")
    assert wrong != right
    return wrong


@pytest.mark.parametrize("kernel", SETS)
def test_one_wrong_number_is_noticed(
    kernel: str, objects: Mapping[str, Path], mains: Mapping[str, Path], tmp_path: Path
) -> None:
    mutant = tmp_path / "mutant.c"
    mutant.write_text(
        armv8_mutant() if kernel == "armv8" else mutant_source(instruction_set(kernel))
    )
    parts = {**objects, kernel: build_object(kernel, mutant, tmp_path, "-O1")}
    for name, told in (("driver", "sm_selftest(kernel) == NULL"), ("contract", "hits differ")):
        program = link(mains[name], parts, tmp_path)
        run = subprocess.run([EMULATOR, program], capture_output=True, text=True, check=False)
        assert run.returncode == 1
        assert f"kernel {kernel}: not true: {told}" in run.stdout


def test_a_cpu_without_the_instructions_lacks_armv8_alone(
    objects: Mapping[str, Path], mains: Mapping[str, Path], tmp_path: Path
) -> None:
    # As on a Raspberry Pi 4: the kernel's word for what the CPU has is replaced.
    program = tmp_path / "lacking.c"
    program.write_text("unsigned long getauxval(unsigned long type) { return type * 0; }\n")
    parts = {**objects, "lacking": build_object("lacking", program, tmp_path)}
    driver = link(mains["driver"], parts, tmp_path)
    assert emulate(driver, "20000").splitlines() == ["armv8 lacks sha2", "neon", "generic"]


@pytest.mark.parametrize("kernel", MOST_INSTRUCTIONS)
def test_instructions_per_hash_stay_few(
    kernel: str,
    objects: Mapping[str, Path],
    mains: Mapping[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = link(mains["count"], objects, tmp_path)
    counted = [per_hash(program, kernel, versions) for versions in (1, 16)]
    with capsys.disabled():
        print(f"\n{kernel} on aarch64: {counted[0]:.1f} and {counted[1]:.1f} instructions a hash")
    for count, most in zip(counted, MOST_INSTRUCTIONS[kernel], strict=True):
        assert most / 2 < count <= most


def per_hash(program: str, kernel: str, versions: int) -> float:
    """Return what a hash more costs, without what a scan costs once."""
    batch = NONCES[kernel]
    fewer, more = (instructions(program, kernel, n, versions) for n in (batch, 2 * batch))
    return (more - fewer) / (batch * versions)


def instructions(program: str, kernel: str, nonces: int, versions: int) -> int:
    """Count by having the emulator take one at a time, and log each."""
    command = [EMULATOR, one_by_one(), "-d", "exec,nochain", program, kernel, str(nonces)]
    run = subprocess.run([*command, str(versions)], capture_output=True, check=True, timeout=120)
    return run.stderr.count(b"\n")


@cache
def one_by_one() -> str:
    """Return the option for it, which qemu 8.1 renamed."""
    usage = subprocess.run([EMULATOR, "-h"], capture_output=True, text=True, check=False).stdout
    return "-one-insn-per-tb" if "-one-insn-per-tb" in usage else "-singlestep"
