"""Scans by C kernels: one call, or a relay that stays in C from one request to the next.

Import it only where the extension is built; `core.native` knows.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from stampmill.core._native import ffi, lib
from stampmill.core.errors import ScanRequestError
from stampmill.core.relay import End, Find
from stampmill.core.scan import CancelWord, ScanRequest, ScanStatus

if TYPE_CHECKING:
    from stampmill.core._native import KernelStruct

# In the order of sm_status; SM_INVALID raises instead.
_STATUSES = (ScanStatus.DONE, ScanStatus.HIT, ScanStatus.FULL, ScanStatus.CANCELLED)


class NativeRelay:
    """The place where one thread's next leg waits; see `csrc/relay.h`."""

    __slots__ = ("handle", "kernel")

    def __init__(self, kernel: "KernelStruct", bell: int = -1) -> None:
        self.kernel = kernel
        self.handle = ffi.new("sm_relay *")
        self.handle.bell = bell

    def leg(self, request: ScanRequest, cancel: CancelWord) -> "NativeLeg":
        """Make a scan ready."""
        return NativeLeg(self, request, cancel)


class NativeLeg:
    """The memory of one scan. C holds bare pointers into it, so all of it lives as long."""

    __slots__ = (
        "_buffers", "_cancel", "_hits", "_leg", "_relay", "_request", "_taken", "_times",
    )  # fmt: skip

    def __init__(self, relay: NativeRelay, request: ScanRequest, cancel: CancelWord) -> None:
        self._relay, self._request, self._cancel = relay, request, cancel
        self._leg = ffi.new("sm_leg *")
        self._hits = ffi.new("sm_hit[]", request.max_hits)
        self._times = ffi.new("uint64_t[]", request.max_hits)
        self._taken = 0
        versions = ffi.new("uint32_t[]", request.versions)
        header = ffi.from_buffer("uint8_t[]", request.prefix)
        target = ffi.from_buffer("uint8_t[]", request.target.to_bytes(32, "little"))
        word = ffi.from_buffer("uint32_t[]", cancel.memory)
        self._buffers = versions, header, target, word
        self._leg.found_at = self._times
        args = self._leg.scan
        args.header, args.target, args.versions, args.cancel = header, target, versions, word
        args.version_count, args.first_version = len(request.versions), request.first_version
        args.first, args.end = request.first, request.end
        args.hits, args.hit_capacity = self._hits, request.max_hits

    @property
    def start(self) -> tuple[int, int]:
        """The nonce, and the index of the version, that it begins with."""
        return self._request.first, self._request.first_version

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

    def end(self) -> End:
        """Return how it ended; raise ScanRequestError for what the kernel refuses."""
        leg, scan = self._leg, self._leg.scan
        if leg.status == lib.SM_INVALID:
            name = ffi.string(self._relay.kernel.name).decode()
            raise ScanRequestError(f"kernel {name}: {ffi.string(scan.reason).decode()}")
        return End(_STATUSES[leg.status], scan.next_nonce, scan.next_version)

    def waiting(self) -> int:
        """Return how many finds have not been taken."""
        return lib.sm_posted(self._leg) - self._taken

    def take(self) -> list[Find]:
        """Return what was found since the last call."""
        first, end = self._taken, lib.sm_posted(self._leg)
        self._taken = end
        return [
            Find(self._hits[i].nonce, self._hits[i].version, self._times[i] * 1e-9)
            for i in range(first, end)
        ]

    def rest(self) -> "NativeLeg":
        """Return what is left of the range."""
        _, first, version = self.end()
        request = replace(self._request, first=first, first_version=version)
        return NativeLeg(self._relay, request, self._cancel)
