"""Which instruction set's kernel Numba is to compile on this machine."""

from typing import Any

from numba.core import registry

from stampmill.kernels.errors import GeneratorError
from stampmill.kernels.sets import SETS, InstructionSet, instruction_set

# Numba's own annotations are partial.
_target: Any = registry.cpu_target

_FEATURES = {"avx512": "+avx512f", "avx2": "+avx2", "sse2": "+sse2"}
"""What LLVM calls that which a set's operations need."""


def host_set(lanes: int | None = None) -> InstructionSet:
    """Return the set with the most lanes, or with so many, of those that code is compiled for.

    That is this CPU, or another one that NUMBA_CPU_NAME and NUMBA_CPU_FEATURES name. Raise
    GeneratorError for lanes that it does not have.
    """
    triple, _, features = _target.target_context.codegen().magic_tuple()
    rows = sets_of(triple, features)
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
