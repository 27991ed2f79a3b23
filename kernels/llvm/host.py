"""What LLVM compiles for on this machine, and which instruction set's kernel that is to be.

Importing this module needs the extra `numba`, but not Numba itself, which takes long.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from llvmlite import binding

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.sets import SETS, InstructionSet, instruction_set

# llvmlite has no annotations.
_llvm: Any = binding

_FEATURES = {"avx512": "+avx512f", "avx2": "+avx2", "sse2": "+sse2"}
"""What LLVM calls that which a set's operations need."""


@dataclass(frozen=True, slots=True)
class Host:
    """A processor in LLVM's words; the features are a list such as `+avx2,-avx512f`."""

    triple: str
    cpu: str
    features: str

    def machine(self) -> Any:
        """Return what an engine of LLVM's has to know of it, each time anew."""
        return _target(self.triple).create_target_machine(self.cpu, self.features, jit=True)


def host(environ: Mapping[str, str] = os.environ) -> Host:
    """Return this CPU, or another one that NUMBA_CPU_NAME and NUMBA_CPU_FEATURES name."""
    cpu = environ.get("NUMBA_CPU_NAME") or _llvm.get_host_cpu_name()
    features = environ.get("NUMBA_CPU_FEATURES", "" if cpu == "generic" else None)
    return Host(_llvm.get_process_triple(), cpu, _features() if features is None else features)


def host_set(lanes: int | None = None) -> InstructionSet:
    """Return the host's set with the most lanes, or with so many.

    Raise GeneratorError for lanes that it does not have.
    """
    here = host()
    rows = sets_of(here.triple, here.features)
    for row in rows:
        if lanes in {None, row.lanes}:
            return row
    known = ", ".join(str(row.lanes) for row in rows)
    raise GeneratorError(f"this CPU has no vectors of {lanes} lanes; it has {known}")


def sets_of(triple: str, features: str) -> list[InstructionSet]:
    """Return the sets of a CPU by LLVM's names, those with the most lanes first.

    The last one asks for nothing: what an instruction set lacks, LLVM makes of what it has.
    """
    if triple.startswith(("aarch64", "arm64")):
        return [instruction_set("neon")]
    has = features.split(",")
    rows = [row for row in SETS if _FEATURES.get(row.name) in has]
    return rows or [instruction_set("sse2")]


@cache
def _target(triple: str) -> Any:
    _llvm.initialize_native_target()
    _llvm.initialize_native_asmprinter()
    return _llvm.Target.from_triple(triple)


def _features() -> str:
    try:
        return str(_llvm.get_host_cpu_features().flatten())
    except RuntimeError:  # LLVM cannot tell on every platform
        return ""
