"""Build of the C extension; everything else is in pyproject.toml.

STAMPMILL_NATIVE says how much the extension matters:

- auto (default): without a compiler (gcc, clang or alike) install without it, and say so;
- require: without a compiler, fail;
- skip: build without it.

Probes decide what the compiler can do. Whatever they allow has to compile, under `auto` as well: a
broken C file never hides behind a fallback.
"""

import os
import platform
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from setuptools import Extension, errors, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

# -g0: debug information on unrolled kernels would be most of the extension's size.
FLAGS = ["-std=c11", "-O3", "-g0", "-Wall", "-Wextra", "-fvisibility=hidden"]
# scan_<set>.c: its flags, and a probe: a header's function that takes two vectors of a type.
# -mno-avx, for those who build with -march=native: SHA-NI has no VEX encoding, and while the upper
# half of any register is in use, Sapphire Rapids takes 400 cycles for each of its instructions.
X86_SETS = {
    "avx512": (["-mavx512f", "-mavx512bw"], "immintrin.h", "_mm512_shuffle_epi8", "__m512i"),
    "shani": (
        ["-mno-avx", "-mssse3", "-msse4.1", "-msha"],
        "immintrin.h",
        "_mm_sha256msg1_epu32",
        "__m128i",
    ),
    "avx2": (["-mavx2"], "immintrin.h", "_mm256_add_epi32", "__m256i"),
    "sse2": (["-msse2"], "immintrin.h", "_mm_add_epi32", "__m128i"),
}
ARM64_SETS = {
    "armv8": (["-march=armv8-a+crypto"], "arm_neon.h", "vsha256su0q_u32", "uint32x4_t"),
    "neon": (["-march=armv8-a"], "arm_neon.h", "vaddq_u32", "uint32x4_t"),
}
FAMILIES = {
    **dict.fromkeys(("x86_64", "amd64", "i386", "i686"), X86_SETS),
    **dict.fromkeys(("aarch64", "arm64"), ARM64_SETS),
}
SETS = FAMILIES.get(platform.machine().lower(), {})

HERE = Path(__file__).parent
GENERATED = ["avx512", "avx2", "sse2", "neon"]  # rows of kernels/sets.py; the rest is in csrc/
GENERATOR = sorted(
    str(path) for part in ("", "c") for path in (HERE / "kernels" / part).glob("*.py")
)

# gcc would undo the order that the generator, or armv8's author, chose for the operations. Clang
# keeps it unasked, but where a result takes an operand's register: what its scheduler moves there
# costs SSE2 4 %. It does avx512 good.
PASSES = ("schedule-insns", "schedule-insns2", "tree-ter", "tree-reassoc", "tree-pre", "gcse")
ORDERED = [*GENERATED, "armv8"]
KEEP_ORDER = [f"-fno-{name}" for name in PASSES]
CLANG_KEEP_ORDER = {"sse2": ["-mllvm", "-enable-misched=false"]}


class BuildExt(build_ext):
    """Compiles each instruction set's file with its own flags."""

    def build_extension(self, ext: Extension) -> None:
        """Build what is out of date; a failure tells the cure."""
        target = self.get_ext_fullpath(ext.name)
        try:
            ext.depends += GENERATOR
            if self.force or newer_group([*ext.sources, *ext.depends], target, "newer"):
                ext.extra_compile_args += FLAGS
                self._compile_sets(ext)
                ext.define_macros.append(("SM_KERNEL_FLAGS", self._note()))
            super().build_extension(ext)
        except (errors.CCompilerError, errors.BaseError) as error:
            cure = "STAMPMILL_NATIVE=skip installs without the C kernels"
            raise type(error)(f"{error} ({cure})") from error

    def _note(self) -> str:
        """Return a C text, a line for each kernel: `stampmill bench` reads it in the extension."""
        inherited = shlex.split(os.environ.get("CFLAGS", ""))
        rows = {**self.set_flags, "generic": FLAGS}
        lines = [f"{name}={_without_paths([*inherited, *own])}" for name, own in rows.items()]
        return '"' + "".join(rf"{line}\n" for line in lines) + '"'

    def _compile_sets(self, ext: Extension) -> None:
        self.set_flags: dict[str, list[str]] = {}
        for name, (flags, header, function, vector) in SETS.items():
            probe = f"#include <{header}>\n{vector} f({vector} x) {{ return {function}(x, x); }}"
            if compiles(probe, flags):
                ext.extra_objects += self._compile_set(ext, name, flags)
            else:
                ext.define_macros.append((f"SM_NO_{name.upper()}", None))
                say(f"this C compiler lacks {name}: its kernel is left out")

    def _compile_set(self, ext: Extension, name: str, flags: list[str]) -> list[str]:
        source = f"csrc/scan_{name}.c"
        if name in GENERATED:
            source = generated(name, Path(self.build_temp))
        own = [*flags, *keep_order(name)] if name in ORDERED else flags
        self.set_flags[name] = [*FLAGS, *own]
        return self.compiler.compile(
            [source],
            output_dir=self.build_temp,
            include_dirs=ext.include_dirs,
            extra_postargs=self.set_flags[name],
        )


def _without_paths(flags: list[str]) -> str:
    return " ".join(flag for flag in flags if not set(flag) & set('/"\\'))


def generated(name: str, folder: Path) -> str:
    """Write a kernel's source and return its path; the generator is this folder's own."""
    stampmill = ModuleType("stampmill")
    stampmill.__path__ = [str(HERE)]
    sys.modules["stampmill"] = stampmill
    from stampmill.kernels.c.generate import write_kernel  # noqa: PLC0415  after the line above

    return str(write_kernel(name, folder / "generated"))


def keep_order(name: str) -> list[str]:
    """Return the flags that this compiler needs, and knows, for the set's code."""
    for flags in (KEEP_ORDER, CLANG_KEEP_ORDER.get(name, [])):
        if compiles("", ["-Werror", *flags]):
            return flags
    return []


def cffi_modules() -> list[str]:
    """Return the extension to build, or nothing where the switch or the compiler say so."""
    switch = os.environ.get("STAMPMILL_NATIVE", "auto")
    if switch not in {"auto", "require", "skip"}:
        sys.exit(f"STAMPMILL_NATIVE is auto, require or skip, not '{switch}'")
    if switch == "skip":
        return []
    if compiles("#include <Python.h>\n", [f"-I{sysconfig.get_path('include')}"]):
        return ["csrc/build_ffi.py:ffi"]
    lacking = f"no C compiler with Python's headers ('{shlex.join(compiler())}' fails)"
    if switch == "require":
        sys.exit(f"STAMPMILL_NATIVE=require: {lacking}")
    say(f"{lacking}: no C kernels, mining falls back to Numba (extra 'numba') or pure Python")
    return []


def compiler() -> list[str]:
    """Return the command that setuptools will compile with, as far as a probe needs it."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def compiles(code: str, flags: list[str]) -> bool:
    """Tell whether the C compiler takes the code."""
    command = [*compiler(), *flags, "-x", "c", "-c", "-o", os.devnull, "-"]
    try:  # CC is the user's own choice
        subprocess.run(command, input=code.encode(), check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def say(line: str) -> None:
    """Tell the user on stderr, which `pip install -v` shows."""
    print(f"stampmill: {line}", file=sys.stderr)


setup(
    cffi_modules=cffi_modules(),
    cmdclass={"build_ext": BuildExt},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
