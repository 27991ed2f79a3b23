"""Scans by C kernels: one call, or a relay that stays in C from one request to the next.

Import it only where the extension is built; `core.native` knows.
"""

from typing import TYPE_CHECKING

from stampmill.core._native import ffi, lib
from stampmill.core.errors import ScanRequestError
from stampmill.core.scan import CancelWord, Hit, ScanRequest, ScanResult, ScanStatus

if TYPE_CHECKING:
    from stampmill.core._native import KernelStruct

# In the order of sm_status; SM_INVALID raises instead.
_STATUSES = (ScanStatus.DONE, ScanStatus.HIT, ScanStatus.FULL, ScanStatus.CANCELLED)


class NativeRelay:
    """The place where one thread's next leg waits; see `csrc/relay.h`."""

    __slots__ = ("handle", "kernel")

    def __init__(self, kernel: "KernelStruct") -> None:
        self.kernel = kernel
        self.handle = ffi.new("sm_relay *")

    def leg(self, request: ScanRequest, cancel: CancelWord) -> "NativeLeg":
        """Make a scan ready."""
        return NativeLeg(self, request, cancel)


class NativeLeg:
    """The memory of one scan. C holds bare pointers into it, so all of it lives as long."""

    __slots__ = ("_buffers", "_leg", "_relay")

    def __init__(self, relay: NativeRelay, request: ScanRequest, cancel: CancelWord) -> None:
        self._relay = relay
        self._leg = ffi.new("sm_leg *")
        hits = ffi.new("sm_hit[]", request.max_hits)
        versions = ffi.new("uint32_t[]", request.versions)
        header = ffi.from_buffer("uint8_t[]", request.prefix)
        target = ffi.from_buffer("uint8_t[]", request.target.to_bytes(32, "little"))
        word = ffi.from_buffer("uint32_t[]", cancel.memory)
        self._buffers = hits, versions, header, target, word
        args = self._leg.scan
        args.header, args.target, args.versions = header, target, versions
        args.cancel, args.hits, args.hit_capacity = word, hits, request.max_hits
        args.version_count, args.first_version = len(request.versions), request.first_version
        args.first, args.end = request.first, request.end

    @property
    def start(self) -> tuple[int, int]:
        """The nonce, and the index of the version, that it begins with."""
        return self._leg.scan.first, self._leg.scan.first_version

    @property
    def begun_at(self) -> float | None:
        """When the scan began, or None."""
        nanoseconds = lib.sm_begun_at(self._leg)
        return nanoseconds * 1e-9 if nanoseconds else None

    @property
    def ended_at(self) -> float:
        """When the scan returned."""
        return self._leg.ended_at * 1e-9

    def offer(self) -> None:
        """Lie ready for when the running leg is cancelled."""
        lib.sm_offer(self._relay.handle, self._leg)

    def run(self) -> None:
        """Scan with the GIL released; go over to what is on offer as often as cancelled."""
        lib.sm_run_relay(self._relay.kernel, self._relay.handle, self._leg)

    def result(self) -> ScanResult:
        """Return what came of it; raise ScanRequestError for what the kernel refuses."""
        leg, scan = self._leg, self._leg.scan
        if leg.status == lib.SM_INVALID:
            name = ffi.string(self._relay.kernel.name).decode()
            raise ScanRequestError(f"kernel {name}: {ffi.string(scan.reason).decode()}")
        found = tuple([Hit(hit.nonce, hit.version) for hit in self._buffers[0][0 : scan.found]])
        return ScanResult(_STATUSES[leg.status], found, scan.next_nonce, scan.next_version)

    def rest(self) -> "NativeLeg":
        """Return what is left of the range. It has the same buffers: take the result first."""
        rest = NativeLeg.__new__(NativeLeg)
        rest._relay, rest._buffers = self._relay, self._buffers  # noqa: SLF001  its own class
        rest._leg = ffi.new("sm_leg *")  # noqa: SLF001
        rest._leg.scan = self._leg.scan  # noqa: SLF001
        args = rest._leg.scan  # noqa: SLF001
        args.first, args.first_version = args.next_nonce, args.next_version
        return rest
