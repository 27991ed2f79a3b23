"""The search of an emulated chip, in C; `csrc/sweep.h` says how a chip goes through its nonces.

Import it only where the extension is built; `core.native` knows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from stampmill.core._native import ffi, lib
from stampmill.core.errors import ScanRequestError

if TYPE_CHECKING:
    from stampmill.core._native import SweepHitStruct

MAX_MIDSTATES: int = lib.SM_SWEEP_MIDSTATES
_HIT_CAPACITY = 256


class SweepHit(NamedTuple):
    """What a core found. `step` is its turn, `word` the nonce's four header bytes read big-endian.

    `slot` is the midstate's index, `digest` the double hash in header order.
    """

    step: int
    word: int
    slot: int
    digest: bytes


class Sweep:
    """The cores of a chip, side by side under the same midstates.

    Step i is core i % cores at its count i // cores; it hashes the word
    core << shift | (start + count) & counter_mask. A midstate is 32 bytes, the words a to h each
    big-endian; `tail` is header bytes 64 to 75. A hit has at least `zero_bits` leading zero bits
    (0 to 32) as explorers print it. Raise ScanRequestError for what no chip could be told.
    """

    __slots__ = ("_buffers", "_hits", "_sweep")

    def __init__(
        self,
        midstates: Sequence[bytes],
        tail: bytes,
        *,
        zero_bits: int,
        cores: int,
        shift: int,
        start: int,
        counter_mask: int,
    ) -> None:
        _check(midstates, tail)
        if not (0 <= zero_bits <= 32 and cores >= 1 and 0 <= shift < 32):
            raise ScanRequestError(f"no sweep of {cores} cores for {zero_bits} zero bits")
        self._sweep = sweep = ffi.new("sm_sweep *")
        self._hits = ffi.new("sm_sweep_hit[]", _HIT_CAPACITY)
        states = ffi.new("uint32_t[]", _words(b"".join(midstates)))
        tail_bytes = ffi.from_buffer("uint8_t[]", tail)
        self._buffers = states, tail_bytes
        sweep.midstates, sweep.tail, sweep.hits = states, tail_bytes, self._hits
        sweep.midstate_count, sweep.zero_bits = len(midstates), zero_bits
        sweep.cores, sweep.shift, sweep.start = cores, shift, start
        sweep.counter_mask, sweep.hit_capacity = counter_mask, _HIT_CAPACITY

    def run(self, first: int, end: int) -> list[SweepHit]:
        """Return every hit of the steps [first, end), with the GIL released meanwhile."""
        sweep = self._sweep
        sweep.end = end
        hits: list[SweepHit] = []
        while first < end:
            sweep.first = first
            lib.sm_run_sweep(sweep)
            hits += [_hit(hit) for hit in self._hits[0 : sweep.found]]
            first = sweep.next
        return hits


def midstate(block: bytes) -> bytes:
    """Return the state after a header's first 64 bytes: the words a to h, each big-endian."""
    if len(block) != 64:
        raise ScanRequestError(f"a midstate is made of 64 bytes, not {len(block)}")
    state = ffi.new("uint32_t[]", 8)
    lib.sm_midstate(ffi.from_buffer("uint8_t[]", block), state)
    return b"".join(word.to_bytes(4, "big") for word in state)


def _check(midstates: Sequence[bytes], tail: bytes) -> None:
    if not 1 <= len(midstates) <= MAX_MIDSTATES:
        raise ScanRequestError(f"a sweep takes 1 to {MAX_MIDSTATES} midstates")
    if len(tail) != 12 or any(len(state) != 32 for state in midstates):
        raise ScanRequestError("a sweep needs midstates of 32 bytes and 12 bytes behind them")


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 4], "big") for i in range(0, len(data), 4)]


def _hit(hit: "SweepHitStruct") -> SweepHit:
    return SweepHit(hit.step, hit.word, hit.slot, bytes(hit.digest))
