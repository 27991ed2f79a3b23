"""A point as a shared object: generated and compiled as the extension's kernel was, but for it."""

import os
import shlex
import subprocess
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from stampmill.bench.candidates.provenance import flags_of
from stampmill.bench.sweep.grid import Point
from stampmill.core.errors import NoDeviceError, UsageError
from stampmill.kernels.c.code import source
from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.listing import Weave
from stampmill.kernels.sets import InstructionSet, instruction_set

CSRC = Path(__file__).resolve().parents[2] / "csrc"
TIMEOUT = 300.0

_LINE = "interleave, phase and lead"
_OF_A_LINE = {"interleave", "phase", "lead"}

_EXPORT = """\
#include "kernels.h"
__attribute__((visibility("default"))) const sm_kernel *stampmill_kernel(void);
const sm_kernel *stampmill_kernel(void) {{ return &sm_kernel_{name}; }}
"""


def row(kernel: str) -> InstructionSet:
    """Return the kernel's row; raise UsageError for one that is not generated."""
    try:
        found = instruction_set(kernel)
    except GeneratorError as error:
        raise UsageError(str(error)) from error
    if not CSRC.is_dir():
        raise UsageError("a sweep compiles kernels: run it in a checkout, which has csrc/")
    return found


def woven(kernel: str, point: Point) -> str:
    """Return the kernel's C source at a point; raise UsageError for one that makes no sense."""
    found, values = row(kernel), dict(point)
    rolled = bool(values.get("rolled", found.rolled))
    if rolled and set(values) & _OF_A_LINE:
        raise UsageError(f"{kernel} in loops is not woven: sweep {_LINE} with rolled=0 alone")
    weave = Weave(
        values.get("interleave", found.weave.grain),
        values.get("phase", found.weave.phase),
        values.get("lead", found.weave.lead),
    )
    return source(replace(found, weave=weave, rolled=rolled))


def build(kernel: str, point: Point, folder: Path) -> Path:
    """Compile it into the folder and return the shared object; raise NoDeviceError."""
    own = "-".join(f"{name}{value}" for name, value in point if name != "k") or "usual"
    target = folder / f"{kernel}-{own}.so"
    if target.exists():
        return target
    code = target.with_suffix(".c")
    code.write_text(woven(kernel, point) + _EXPORT.format(name=kernel), encoding="utf-8")
    _compile(kernel, code, target)
    return target


def flags(kernel: str) -> list[str]:
    """Return what the extension's own kernel was compiled with; raise NoDeviceError."""
    extension = Path(import_module("stampmill.core._native").__file__ or "")
    found = flags_of(kernel, extension.read_bytes()).split()
    if not found:
        raise NoDeviceError(f"the extension has no kernel '{kernel}': run 'make native'")
    return found


def _compile(kernel: str, code: Path, target: Path) -> None:
    compiler = shlex.split(os.environ.get("CC", "cc"))
    files = [str(code), str(CSRC / "cpu.c"), "-o", str(target)]
    command = [*compiler, *flags(kernel), "-shared", "-fPIC", f"-I{CSRC}", *files]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT)  # noqa: S603
    except subprocess.CalledProcessError as error:
        first = next((line for line in error.stderr.splitlines() if "error" in line), "no word")
        raise NoDeviceError(f"{target.name} does not compile: {first}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoDeviceError(f"{target.name} does not compile: {error}") from error
