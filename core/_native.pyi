# The cffi module that is built from csrc/; the headers there document every name.
from collections.abc import Callable, Sequence
from typing import Literal, overload

from cffi import FFI

class KernelStruct:
    abi_version: int
    name: FFI.CData
    description: FFI.CData
    lanes: int
    max_versions: int
    supported: Callable[[Sequence[FFI.CData]], int]

class HitStruct:
    nonce: int
    version: int

class ScanStruct:
    header: FFI.CData
    target: FFI.CData
    versions: Sequence[int]
    cancel: FFI.CData
    hits: Sequence[HitStruct]
    first: int
    end: int
    version_count: int
    first_version: int
    hit_capacity: int
    found: int
    next_nonce: int
    next_version: int
    reason: FFI.CData

class LegStruct:
    scan: ScanStruct
    status: int
    begun_at: int
    ended_at: int
    found_at: Sequence[int]

class RelayStruct:
    bell: int

class SweepHitStruct:
    step: int
    word: int
    slot: int
    digest: Sequence[int]

class SweepStruct:
    midstates: Sequence[int]
    tail: FFI.CData
    hits: Sequence[SweepHitStruct]
    first: int
    end: int
    midstate_count: int
    zero_bits: int
    cores: int
    shift: int
    start: int
    counter_mask: int
    hit_capacity: int
    found: int
    next: int

class _Ffi:
    @overload
    def new(self, cdecl: Literal["sm_leg *"]) -> LegStruct: ...
    @overload
    def new(self, cdecl: Literal["sm_relay *"]) -> RelayStruct: ...
    @overload
    def new(self, cdecl: Literal["sm_hit[]"], init: int) -> Sequence[HitStruct]: ...
    @overload
    def new(self, cdecl: Literal["uint64_t[]"], init: int) -> Sequence[int]: ...
    @overload
    def new(self, cdecl: Literal["uint32_t[]"], init: Sequence[int]) -> Sequence[int]: ...
    @overload
    def new(self, cdecl: Literal["sm_sweep *"]) -> SweepStruct: ...
    @overload
    def new(self, cdecl: Literal["sm_sweep_hit[]"], init: int) -> Sequence[SweepHitStruct]: ...
    @overload
    def new(self, cdecl: Literal["uint32_t[]"], init: int) -> Sequence[int]: ...
    @overload
    def new(self, cdecl: Literal["const char **"]) -> Sequence[FFI.CData]: ...
    def from_buffer(self, cdecl: str, python_buffer: object) -> FFI.CData: ...
    def cast(self, cdecl: Literal["const sm_kernel *"], address: int) -> KernelStruct: ...
    def string(self, cdata: FFI.CData) -> bytes: ...

class _Lib:
    SM_ABI_VERSION: int
    SM_MAX_VERSIONS: int
    SM_SWEEP_MIDSTATES: int
    SM_DONE: int
    SM_HIT: int
    SM_FULL: int
    SM_CANCELLED: int
    SM_INVALID: int
    SM_RELAY_LEGS: int

    def sm_kernel_count(self) -> int: ...
    def sm_kernel_at(self, index: int, /) -> KernelStruct: ...
    def sm_run(self, kernel: KernelStruct, scan: ScanStruct, /) -> int: ...
    def sm_offer(self, relay: RelayStruct, leg: LegStruct, /) -> None: ...
    def sm_run_relay(self, kernel: KernelStruct, relay: RelayStruct, leg: LegStruct, /) -> None: ...
    def sm_begun_at(self, leg: LegStruct, /) -> int: ...
    def sm_posted(self, leg: LegStruct, /) -> int: ...
    def sm_chain(self, additions: int, /) -> int: ...
    def sm_fill(self, additions: int, /) -> int: ...
    def sm_run_sweep(self, sweep: SweepStruct, /) -> None: ...
    def sm_midstate(self, block: FFI.CData, state: Sequence[int], /) -> None: ...
    def sm_selftest(self, kernel: KernelStruct, /) -> FFI.CData: ...

ffi: _Ffi
lib: _Lib
