"""Numba as the compiler of the search: the loop around the functions that code.py emits.

Importing this module needs the extra `numba`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import compiler, registry
from numba.extending import intrinsic

from stampmill.kernels.llvm.program import CANCELLED, CANDIDATES, DONE, Source, named

# Numba's own annotations are partial.
_config: Any = config
_types: Any = types
_target: Any = registry.cpu_target
_compile: Any = compiler.compile_extra
_Flags: Any = compiler.Flags

_WORDS: Any = _types.CPointer(_types.uint32)
_NUMBER: Any = _types.int64

_definitions: Mapping[str, str] = {}
"""What the intrinsics stand for: Numba tells them types, and nothing else of who compiles them."""


def compiled(source: Source) -> bytes:
    """Return machine code as `Program` takes it, which needs nothing of Numba to run."""
    global _definitions  # noqa: PLW0603  see there
    contexts = _target.typing_context, _target.target_context
    saved = _definitions, _config.OPT
    _definitions = source.definitions
    _config.OPT = 1  # more takes time, and finds nothing
    try:
        return _object_file(*contexts)
    finally:
        _definitions, _config.OPT = saved


def _object_file(typing: Any, target: Any) -> bytes:
    """Compile without the ways into the search that only Python needs."""
    flags = _Flags()
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    library = target.codegen().create_library("search")
    library.enable_object_caching()
    arguments = (_WORDS, _WORDS, _NUMBER, _NUMBER, _NUMBER, _NUMBER, _WORDS)
    done = _compile(typing, target, _search, arguments, _NUMBER, flags, {}, library=library)
    _, _, (binary, _) = library.serialize_using_object_code()
    return named(done.fndesc.mangled_name, binary)


class _Emitted(ir.Function):  # type: ignore[misc]  # llvmlite has no annotations
    """A function in a module of llvmlite whose definition is text."""

    def __str__(self) -> str:
        return _definitions[self.name]


def _call(name: str) -> Any:
    """Return what calls one of the functions: with a memory and a number."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        module = builder.module
        if name not in module.globals:
            kind = ir.FunctionType(ir.IntType(32), [args[0].type, ir.IntType(64)])
            _Emitted(module, kind, name)
        return builder.call(module.get_global(name), args)

    def typed(_context: Any, _memory: Any, _number: Any) -> Any:
        return _types.uint32(_WORDS, _NUMBER), code

    return intrinsic(typed)


def _write(_context: Any, _words: Any, _index: Any, _word: Any) -> Any:
    def code(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        words, index, word = args
        builder.store(word, builder.gep(words, [index]))
        return context.get_dummy_value()

    return _types.void(_WORDS, _NUMBER, _types.uint32), code


# An array would bring Numba's memory management along.
_put: Any = intrinsic(_write)
_begin: Any = _call("sm_begin")
_round: Any = _call("sm_round")
_version: Any = _call("sm_version")
_work: Any = _call("sm_work")
_schedule: Any = _call("sm_schedule")
_step: Any = _call("sm_step")
_alone: Any = _call("sm_alone")
_peek: Any = _call("sm_peek")


# In one function: each that Numba compiles would bring its own copy of a step, and code has to fit
# the first cache. Nothing in it can fail, or the object file would ask for Numba's and Python's
# functions; a range's step, which may be zero, can.
def _search(  # noqa: PLR0917  Numba's calls are by position
    memory: Any, masks: Any, versions: int, lanes: int, first: int, end: int, cancel: Any
) -> int:
    """Do what `Program.search` says; return the nonce, and in its two lowest bits why."""
    _work(memory, 0)
    for version in range(versions):
        _begin(memory, version)
        for number in range(64):
            _round(memory, number)
        _version(memory, version)
    # A step ends what the one before began, so the first of a batch ends the batch in front of it.
    nonce, found = first, np.uint32(0)
    while True:
        if versions == 1:
            mask = _alone(memory, nonce)
        else:
            _schedule(memory, nonce)
            mask = _step(memory, 0)
        _put(masks, versions - 1, mask)
        if nonce > first and found | mask != 0:
            return nonce - lanes << 2 | CANDIDATES
        if nonce >= end:
            return end << 2 | DONE
        if _peek(cancel, 0) != 0:
            return nonce << 2 | CANCELLED
        found = np.uint32(0)
        for version in range(1, versions):
            mask = _step(memory, version)
            _put(masks, version - 1, mask)
            found |= mask
        nonce += lanes
