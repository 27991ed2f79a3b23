"""An OpenCL file as a kernel: the program searches, and all else is done around it.

    __kernel void search(__constant uint *work, uint first, uint count, __global uint *found)

is launched with as many work-items as the host likes, and tries the nonces first + i for each i
below count (at most 2^31): a work-item begins with its number and goes on by their number.
`work` is 12 words as SHA-256 reads them: the midstate a..h, the header's bytes 64 to 75, and a
mask. A nonce whose second hash has none of the mask's bits in its last word, h, is a candidate.
For each one `atomic_inc(found)` gives a slot, and the nonce goes to found[1 + slot] if the slot is
below SLOTS, which is defined. The host checks the whole target.
"""

import struct
import time
import warnings
from pathlib import Path
from typing import Any

from stampmill.core.backends.hits import result_of_batch
from stampmill.core.backends.opencl.kernel import Found, Pacer, mask
from stampmill.core.backends.opencl.listing import DeviceInfo, driver
from stampmill.core.backends.opencl.programs import OPTIONS, first_error
from stampmill.core.chain.header import with_nonce, with_version
from stampmill.core.chain.sha256d import midstate, sha256d
from stampmill.core.chain.target import meets_target
from stampmill.core.errors import NoDeviceError, UsageError, VerificationError
from stampmill.core.scan import CancelWord, ScanRequest, ScanResult, ScanStatus

SLOTS = 1024
LAUNCH_SECONDS = 0.05

_PER_UNIT = 1024
"""Work-items for each compute unit: enough for any to be busy."""
_WORD = struct.Struct("<I")


class OpenClFileKernel:
    """The kernel `search` of a program, on one device, for one thread."""

    max_versions = 1

    def __init__(self, path: Path, info: DeviceInfo) -> None:
        """Build the program; raise NoDeviceError or UsageError."""
        self.name = path.name
        self.description = f"OpenCL C of {path.name} on {info.name}"
        self._cl = cl = driver()
        context = cl.Context([info.handle])
        self._queue = cl.CommandQueue(context)
        self._kernel = _built(cl, context, path)
        self._work = cl.Buffer(context, cl.mem_flags.READ_ONLY, 4 * 12)
        self._found = cl.Buffer(context, cl.mem_flags.READ_WRITE, 4 * (1 + SLOTS))
        self._items = info.handle.max_compute_units * _PER_UNIT
        self._pacer = Pacer(LAUNCH_SECONDS)

    @property
    def lanes(self) -> int:
        """Nonces of the next launch."""
        return self._pacer.nonces()

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range; see `stampmill.core.scan`. A cancel waits for the launch to end."""
        header = with_version(request.prefix, request.versions[0])
        clear = mask(request.target >> 224)
        self._copy(self._work, _words(header, clear))
        first = request.first
        while first < request.end:
            if cancel.is_set():
                return ScanResult(ScanStatus.CANCELLED, (), first, 0)
            count = min(self._pacer.nonces(), request.end - first)
            found = self._launch(first, count)
            self._pacer.note(count, 1, found, min(SLOTS, request.max_hits))
            if found.total > len(found.hits):
                continue  # the pacer has made the launch smaller
            first += count
            hits = [hit for hit in found.hits if _counts(header, hit[0], request.target, clear)]
            if hits:
                return result_of_batch(request, sorted(hits), first)
        return ScanResult(ScanStatus.DONE, (), request.end, 0)

    def _launch(self, first: int, count: int) -> Found:
        begun = time.perf_counter()
        self._copy(self._found, bytes(4))
        arguments = (self._work, _WORD.pack(first), _WORD.pack(count), self._found)
        try:
            self._kernel.set_args(*arguments)
            items = min(self._items, count)
            self._cl.enqueue_nd_range_kernel(self._queue, self._kernel, (items,), None)
            (total,) = _WORD.unpack(self._read(1))
            nonces = self._read(1 + min(total, SLOTS))[4:] if total else b""
        except self._cl.Error as error:
            raise VerificationError(f"kernel {self.name}: {error}") from error
        hits = [(nonce, 0) for (nonce,) in _WORD.iter_unpack(nonces)]
        if total > max(count, SLOTS):
            raise VerificationError(f"kernel {self.name} finds {total} of {count} nonces")
        return Found(total, hits, time.perf_counter() - begun)

    def _copy(self, buffer: Any, data: bytes) -> None:
        self._cl.enqueue_copy(self._queue, buffer, data, is_blocking=True)

    def _read(self, words: int) -> bytes:
        data = bytearray(4 * words)
        self._cl.enqueue_copy(self._queue, data, self._found, is_blocking=True)
        return bytes(data)


def _built(cl: Any, context: Any, path: Path) -> Any:
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cl.CompilerWarning)
            program = cl.Program(context, source).build(f"{OPTIONS} -DSLOTS={SLOTS}u")
            search = program.search
    except AttributeError as error:
        raise NoDeviceError(f"no kernel in {path}: it has no __kernel called search") from error
    except cl.Error as error:
        raise NoDeviceError(f"no kernel in {path}: {first_error(str(error))}") from error
    return search


def _words(header: bytes, clear: int) -> bytes:
    tail = struct.unpack(">3I", header[64:76])
    return struct.pack("<12I", *midstate(header[:64]), *tail, clear)


def _counts(header: bytes, nonce: int, target: int, clear: int) -> bool:
    """Tell whether to report a nonce: a hit, and what is not even a candidate, to be found out."""
    digest = sha256d(with_nonce(header, nonce))
    last_word = int.from_bytes(digest[28:], "big")
    return meets_target(digest, target) or last_word & clear != 0
