"""SHA-256d nonce search for Numba: the loop around the functions that code.py emits.

Importing this module needs the extra `numba`.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.extending import intrinsic
from numba.np import arrayobj

from stampmill.kernels.llvm.code import functions
from stampmill.kernels.llvm.layout import Layout, layout
from stampmill.kernels.lower import lowered
from stampmill.kernels.sets import InstructionSet
from stampmill.kernels.sha256 import K

DONE, CANDIDATES, CANCELLED = range(3)
"""Why a search returned: nothing is left; the batch at `nonce` may hold hits; called back."""

Search = Callable[..., tuple[int, int]]
"""Called as `_search`: (memory, masks, lanes, first, end, cancel) -> (why, nonce)."""

# Numba's own annotations are partial.
_config: Any = config
_types: Any = types
_make_array: Any = arrayobj.make_array

_definitions: Mapping[str, str] = {}
"""What the intrinsics stand for: Numba tells them types, and nothing else of who compiles them."""


@dataclass(frozen=True, slots=True)
class Program:
    """Machine code for one instruction set; threads may share it, each with its own memory."""

    search: Search
    layout: Layout

    def prepared(self, prefix: bytes, versions: tuple[int, ...], target: int) -> Any:
        """Return a memory for 76 header bytes under these versions."""
        return _filled(self.layout, prefix, versions, _mask(target >> 224))


def compiled(row: InstructionSet, cache_dir: Path | None) -> Program:
    """Return the search in machine code, kept in this directory; None: kept nowhere.

    A call releases the GIL.
    """
    global _definitions  # noqa: PLW0603  see there
    emitted, saved = functions(row), (_definitions, _config.CACHE_DIR, _config.OPT)
    _definitions = emitted
    _config.OPT = 1  # more takes time, and finds nothing
    if cache_dir is not None:
        # Numba looks at this file alone to see whether an entry is stale.
        _config.CACHE_DIR = str(Path(_config.CACHE_DIR or cache_dir) / _digest(emitted))
    try:
        search = _compile(cache=cache_dir is not None)
    finally:
        _definitions, _config.CACHE_DIR, _config.OPT = saved
    return Program(search, layout(row, lowered(row.has)))


def watched(memory: Any) -> Any:
    """Return a cancel word's memory as the array that `_search` looks at."""
    return np.frombuffer(memory, dtype=np.uint32)


def room(versions: int) -> Any:
    """Return room for the lanes of a batch that may be hits, for each version."""
    return np.zeros(versions, dtype=np.uint32)


def _compile(*, cache: bool) -> Search:
    words, index = _types.uint32[::1], _types.int64
    signature = _types.UniTuple(index, 2)(words, words, index, index, index, words)
    search: Search = njit(signature, nogil=True, cache=cache)(_search)
    return search


def _digest(emitted: Mapping[str, str]) -> str:
    return hashlib.sha256("\n".join(emitted.values()).encode()).hexdigest()[:16]


def _filled(places: Layout, prefix: bytes, versions: tuple[int, ...], mask: int) -> Any:
    memory, inputs = _aligned(places.size, 4 * places.lanes), places.inputs
    words = np.frombuffer(prefix, dtype=">u4")
    given: dict[str, Any] = {"k": K, "mask": [mask], "tail": words[16:]}
    for name, values in given.items():
        start = inputs[name][0].offset
        memory[start:][: len(values)] = values
    # A header holds its version little-endian, SHA-256 reads words big-endian.
    own, *rest = inputs["block"]
    swapped = np.array(versions, dtype=np.uint32).byteswap()
    memory[own.offset :: own.stride][: len(versions)] = swapped
    memory[rest[0].offset :][: len(rest)] = words[1:16]
    return memory


def _aligned(words: int, alignment: int) -> Any:
    memory = np.zeros(4 * words + alignment, np.uint8)
    skip = -memory.ctypes.data % alignment
    return memory[skip : skip + 4 * words].view(np.uint32)


def _mask(highest: int) -> int:
    """Return the bits, as SHA-256 orders them, that are 0 in the highest word of every hit."""
    above = 0xFFFFFFFF >> highest.bit_length() << highest.bit_length()
    return int.from_bytes(above.to_bytes(4, "little"), "big")


class _Emitted(ir.Function):  # type: ignore[misc]  # llvmlite has no annotations
    """A function in a module of llvmlite whose definition is text."""

    def __str__(self) -> str:
        return _definitions[self.name]


def _call(name: str) -> Any:
    """Return what calls one of the functions: with an array and a number."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        module, data = (
            builder.module,
            _make_array(signature.args[0])(context, builder, args[0]).data,
        )
        if name not in module.globals:
            kind = ir.FunctionType(ir.IntType(32), [data.type, ir.IntType(64)])
            _Emitted(module, kind, name)
        return builder.call(module.get_global(name), [data, args[1]])

    def typed(_context: Any, array: Any, _number: Any) -> Any:
        return _types.uint32(array, _types.int64), code

    return intrinsic(typed)


_begin: Any = _call("sm_begin")
_round: Any = _call("sm_round")
_version: Any = _call("sm_version")
_work: Any = _call("sm_work")
_schedule: Any = _call("sm_schedule")
_step: Any = _call("sm_step")
_alone: Any = _call("sm_alone")
_peek: Any = _call("sm_peek")


# In one function: each that Numba compiles would bring its own copy of a step, and code has to fit
# the first cache.
def _search(  # noqa: PLR0917  Numba's calls are by position
    memory: Any, masks: Any, lanes: int, first: int, end: int, cancel: Any
) -> tuple[int, int]:
    """Hash the nonces [first, end) until a batch holds candidates, or the cancel word is set.

    A mask tells which lanes are candidates, one for each version. The last batch goes on beyond the
    end.
    """
    versions, found = masks.size, np.uint32(0)
    _work(memory, 0)
    for version in range(versions):
        _begin(memory, version)
        for number in range(64):
            _round(memory, number)
        _version(memory, version)
    # A step ends what the one before began, so the first of a batch ends the batch in front of it.
    for nonce in range(first, end + lanes, lanes):
        if versions == 1:
            masks[0] = _alone(memory, nonce)
        else:
            _schedule(memory, nonce)
            masks[versions - 1] = _step(memory, 0)
        if nonce > first and found | masks[versions - 1] != 0:
            return CANDIDATES, nonce - lanes
        if nonce >= end:
            break
        if _peek(cancel, 0) != 0:
            return CANCELLED, nonce
        found = np.uint32(0)
        for version in range(1, versions):
            masks[version - 1] = _step(memory, version)
            found |= masks[version - 1]
    return DONE, end
