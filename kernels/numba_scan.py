"""SHA-256d nonce search for Numba: rolled loops over rounds, a vector of nonces in each round.

`compiled` returns the machine code of `_search`, `prepared` the table that it works on. Importing
this module needs the extra `numba`.

A SHA-256 state needs no eight moving variables (FIPS 180-4, 6.2.2): with A[t] and E[t] the words a
and e after round t,

    T1   = E[t-4] + S1(E[t-1]) + Ch(E[t-1], E[t-2], E[t-3]) + K[t] + W[t]
    E[t] = A[t-4] + T1
    A[t] = T1 + S0(A[t-1]) + Maj(A[t-1], A[t-2], A[t-3])

so A, E and W are rows of one table, and a round or a step of the schedule reads and writes rows.
A row is a vector of LANES words: one for each version while the first 64 bytes are hashed, one for
each nonce of a batch from then on.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numba import config, njit, types
from numba.extending import register_jitable

from stampmill.kernels import numba_rows
from stampmill.kernels.numba_rows import (
    LANES,
    add,
    count_up,
    fill,
    next_round,
    next_word,
    not_above,
    peek,
)

DONE, CANDIDATES, CANCELLED = range(3)
"""Why a search returned: nothing is left; the batch at `nonce` may hold hits; called back."""

Search = Callable[..., tuple[int, int]]
"""Called as `_search`: (table, versions, bound, first, end, cancel) -> (why, nonce)."""

# Numba's own annotations are partial.
_config: Any = config
_types: Any = types

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Where things start in the table. A state of four rows stands in front of each A and E.
_A0, _E0, _W0 = 4, 72, 136  # a header's first 64 bytes; lanes are versions
_A1, _E1, _W1 = 204, 272, 336  # its other 16
_A2, _E2, _W2 = 404, 472, 536  # the digest of both
_MIDSTATE, _BEGUN, _CANDIDATES = 600, 608, 616  # lanes are versions
_ROWS = 617

_ZERO = np.uint32(0)
_PADDING = 1 << 31  # the one bit behind a message

_K = np.array([
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
], dtype=np.uint32)  # FIPS 180-4, 4.2.2  # fmt: skip

_IV = np.array([
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
], dtype=np.uint32)  # FIPS 180-4, 5.3.3  # fmt: skip


def compiled(cache_dir: Path | None) -> Search:
    """Return the machine code of `_search`, kept in this directory; None: kept nowhere.

    A call releases the GIL. Threads may share the code, each with its own table.
    """
    if cache_dir is None:
        return _compile(cache=False)
    # Numba looks at this file alone to see whether an entry is stale: the digest covers the rest.
    home = Path(_config.CACHE_DIR or cache_dir) / _digest()
    saved, _config.CACHE_DIR = _config.CACHE_DIR, str(home)
    try:
        return _compile(cache=True)
    finally:
        _config.CACHE_DIR = saved


def prepared(prefix: bytes, versions: tuple[int, ...]) -> Any:
    """Return a table for 76 header bytes under at most LANES versions."""
    table = _aligned_rows()
    table[:] = _CONSTANTS
    words = np.frombuffer(prefix, dtype=">u4")
    table[_W0 : _W0 + 16] = words[:16, np.newaxis]
    # A header holds its version little-endian, SHA-256 reads words big-endian.
    table[_W0, : len(versions)] = np.array(versions, dtype=np.uint32).byteswap()
    table[_W1 : _W1 + 3] = words[16:, np.newaxis]
    return table.reshape(-1)


def watched(memory: Any) -> Any:
    """Return a cancel word's memory as the array that `_search` looks at."""
    return np.frombuffer(memory, dtype=np.uint32)


def candidates(table: Any, versions: int) -> list[tuple[int, int]]:
    """Return (lane, index of the version) of the batch's candidates, in this order."""
    lanes = [int(bits) for bits in table[_CANDIDATES * LANES :][:versions]]
    return [
        (lane, version)
        for lane in range(LANES)
        for version in range(versions)
        if lanes[version] >> lane & 1
    ]


def _compile(*, cache: bool) -> Search:
    table = _types.uint32[::1]
    signature = _types.UniTuple(_types.int64, 2)(
        table, _types.int64, _types.uint32, _types.int64, _types.int64, table
    )
    search: Search = njit(signature, nogil=True, cache=cache)(_search)
    return search


def _digest() -> str:
    sources = [Path(module).read_bytes() for module in (__file__, numba_rows.__file__)]
    return hashlib.sha256(b"".join(sources)).hexdigest()[:16]


def _aligned_rows() -> Any:
    """Return an empty table with no vector across a cache line: that is worth a third in speed."""
    row = 4 * LANES
    memory = np.empty(_ROWS * row + row, np.uint8)
    skip = -memory.ctypes.data % row
    return memory[skip : skip + _ROWS * row].view(np.uint32).reshape(_ROWS, LANES)


def _constant_rows() -> Any:
    """Return a table with what is the same for every header."""
    table = np.zeros((_ROWS, LANES), np.uint32)
    for word in range(4):
        for a, e in ((_A0, _E0), (_A2, _E2)):
            table[a - 1 - word] = _IV[word]
            table[e - 1 - word] = _IV[4 + word]
    table[_W1 + 4] = table[_W2 + 8] = _PADDING
    table[_W1 + 15], table[_W2 + 15] = 640, 256  # lengths in bits
    return table


_CONSTANTS = _constant_rows()


# From here on code for Numba. Plain functions could be called from there only as compiled objects.


def _search(  # noqa: PLR0917  Numba's calls are by position
    table: Any, versions: int, bound: int, first: int, end: int, cancel: Any
) -> tuple[int, int]:
    """Hash the nonces [first, end) until a batch holds candidates, or the cancel word is set.

    A candidate is a hash whose most significant word is at most the bound. The last batch goes on
    beyond the end. Candidates stand in the table.
    """
    _hash_first_block(table)
    for nonce in range(first, end, LANES):
        if peek(cancel) != 0:
            return CANCELLED, nonce
        if _hash_batch(table, versions, nonce, bound):
            return CANDIDATES, nonce
    return DONE, end


def _inlined(function: _Function) -> _Function:
    """Let compiled code call a function."""
    inlined: _Function = register_jitable(function)
    return inlined


@_inlined
def _hash_first_block(table: Any) -> None:
    """Fill the rows that know no nonce: midstates, and three rounds beyond."""
    _expand(table, _W0, 16, 64)
    _rounds(table, _A0, _E0, _W0, 0, 64)
    for word in range(4):
        add(table, _MIDSTATE + word, _A0 + 63 - word, _IV[word])
        add(table, _MIDSTATE + 4 + word, _E0 + 63 - word, _IV[4 + word])
        add(table, _A1 - 1 - word, _A0 + 63 - word, _IV[word])
        add(table, _E1 - 1 - word, _E0 + 63 - word, _IV[4 + word])
    _rounds(table, _A1, _E1, _W1, 0, 3)
    for row in range(4):
        add(table, _BEGUN + row, _A1 - 1 + row, _ZERO)
        add(table, _BEGUN + 4 + row, _E1 - 1 + row, _ZERO)
    _expand(table, _W1, 16, 18)


@_inlined
def _hash_batch(table: Any, versions: int, nonce: int, bound: int) -> bool:
    """Hash LANES nonces under each version, on one message schedule; tell of any candidate."""
    count_up(table, _W1 + 3, nonce)
    _expand(table, _W1, 18, 64)
    any_lane = _ZERO
    for version in range(versions):
        _hash_under(table, version)
        lanes = not_above(table, _E2 + 60, _IV[7], bound)
        table[_CANDIDATES * LANES + version] = lanes
        any_lane |= lanes
    return bool(any_lane != 0)


@_inlined
def _hash_under(table: Any, version: int) -> None:
    """Hash a batch as far as the digest's last word: E of round 60, but for a constant."""
    for row in range(4):
        fill(table, _A1 - 1 + row, table[(_BEGUN + row) * LANES + version])
        fill(table, _E1 - 1 + row, table[(_BEGUN + 4 + row) * LANES + version])
    _rounds(table, _A1, _E1, _W1, 3, 64)
    for word in range(4):
        midstate = (_MIDSTATE + word) * LANES + version
        add(table, _W2 + word, _A1 + 63 - word, table[midstate])
        add(table, _W2 + 4 + word, _E1 + 63 - word, table[midstate + 4 * LANES])
    _expand(table, _W2, 16, 61)
    _rounds(table, _A2, _E2, _W2, 0, 61)


@_inlined
def _expand(table: Any, w: int, first: int, last: int) -> None:
    for t in range(first, last):
        next_word(table, w + t)


@_inlined
def _rounds(  # noqa: PLR0917  as above
    table: Any, a: int, e: int, w: int, first: int, last: int
) -> None:
    for t in range(first, last):
        next_round(table, a + t, e + t, w + t, _K[t])
