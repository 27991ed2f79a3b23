"""SHA-256d nonce search in machine code: what it is made from, and how it is called.

Importing this module needs the extra `numba`, but not Numba itself: code that was compiled once is
loaded and run without it, which starts in a third of the time.
"""

import ctypes
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from struct import unpack
from typing import Any

from llvmlite import __version__, binding

from stampmill.kernels.llvm.code import functions
from stampmill.kernels.llvm.host import Host, host
from stampmill.kernels.llvm.layout import Layout, layout
from stampmill.kernels.lower import lowered
from stampmill.kernels.sets import InstructionSet
from stampmill.kernels.sha256 import K

DONE, CANDIDATES, CANCELLED = range(3)
"""Why a search returned: nothing is left; the batch at `nonce` may hold hits; called back."""

# llvmlite has no annotations.
_llvm: Any = binding

# As Numba passes arguments: its status, where the result goes, where an exception would; then ours.
_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_FUNCTION = ctypes.CFUNCTYPE(
    ctypes.c_int32, *[_POINTER] * 4, _NUMBER, _NUMBER, _NUMBER, _NUMBER, _POINTER
)


@dataclass(frozen=True, slots=True)
class Source:
    """Emitted LLVM IR, by the function's name, and for whom it is to be compiled."""

    row: InstructionSet
    host: Host
    definitions: Mapping[str, str]

    @property
    def key(self) -> str:
        """What tells its machine code from any other: a digest of all that it is made from."""
        loop = Path(__file__).with_name("numba_search.py").read_text(encoding="utf-8")
        parts = self.host.triple, self.host.cpu, self.host.features, __version__, loop
        return sha256("\0".join([*parts, *self.definitions.values()]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a search knows, in 32-bit words at an address aligned to vectors."""

    words: memoryview
    address: int


class Program:
    """Machine code for one instruction set; threads may share it, each with its own memory."""

    def __init__(self, source: Source, code: bytes) -> None:
        row, (name, _, binary) = source.row, code.partition(b"\n")
        self._layout = layout(row, lowered(row.has))
        self._engine = _llvm.create_mcjit_compiler(_llvm.parse_assembly(""), source.host.machine())
        self._engine.add_object_file(_llvm.ObjectFileRef.from_data(binary))
        self._engine.finalize_object()
        self._search = _FUNCTION(self._engine.get_function_address(name.decode()))

    def prepared(self, prefix: bytes, versions: tuple[int, ...], target: int) -> Memory:
        """Return a memory for 76 header bytes under these versions."""
        return _filled(self._layout, prefix, versions, _mask(target >> 224))

    def search(
        self, memory: Memory, masks: "array[int]", first: int, end: int, cancel: "array[int]"
    ) -> tuple[int, int]:
        """Hash the nonces [first, end) until a batch holds candidates, or the cancel word is set.

        Return why, and the nonce to go on from. Each mask, one for a version, tells which lanes are
        candidates. The last batch goes on beyond the end. The GIL is released.
        """
        result, exception = _NUMBER(), _POINTER()
        self._search(
            ctypes.addressof(result),
            ctypes.addressof(exception),
            memory.address,
            masks.buffer_info()[0],
            len(masks),
            self._layout.lanes,
            first,
            end,
            cancel.buffer_info()[0],
        )
        return result.value & 3, result.value >> 2


def emitted(row: InstructionSet) -> Source:
    """Return the source of an instruction set's program on this machine."""
    return Source(row, host(), functions(row))


def named(name: str, binary: bytes) -> bytes:
    """Return machine code: an object file, and the name of its function, which comes first."""
    return name.encode() + b"\n" + binary


def room(versions: int) -> "array[int]":
    """Return room for the lanes of a batch that may be hits, for each version."""
    return array("I", bytes(4 * versions))


def _filled(places: Layout, prefix: bytes, versions: tuple[int, ...], mask: int) -> Memory:
    memory, inputs = _aligned(places.size, 4 * places.lanes), places.inputs
    header = unpack(">19I", prefix)
    own, *rest = inputs["block"]
    given = {inputs["k"][0]: K, inputs["mask"][0]: (mask,), inputs["tail"][0]: header[16:]}
    given[rest[0]] = header[1:16]
    for place, values in given.items():
        memory.words[place.offset :][: len(values)] = array("I", values)
    for index, version in enumerate(versions):
        memory.words[own.offset + index * own.stride] = _swapped(version)
    return memory


def _aligned(words: int, alignment: int) -> Memory:
    memory = bytearray(4 * words + alignment)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    skip = -start % alignment
    return Memory(memoryview(memory)[skip : skip + 4 * words].cast("I"), start + skip)


def _mask(highest: int) -> int:
    """Return the bits, as SHA-256 orders them, that are 0 in the highest word of every hit."""
    return _swapped(0xFFFFFFFF >> highest.bit_length() << highest.bit_length())


def _swapped(word: int) -> int:
    """Return a word of a header, which is little-endian, as SHA-256 reads it."""
    return int.from_bytes(word.to_bytes(4, "little"), "big")
