"""A scan on a device, in launches of limited time: everything of it but OpenCL itself."""

import struct
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol

from stampmill.core import native
from stampmill.core.backends.base import BackendError
from stampmill.core.backends.hits import is_hit, result_of_batch
from stampmill.core.backends.opencl.gate import Gate
from stampmill.core.chain import sha256d
from stampmill.core.chain.header import with_version
from stampmill.core.scan import CancelWord, ScanRequest, ScanResult, ScanStatus
from stampmill.kernels.opencl.code import SLOTS, Uniforms

if native.available():
    from stampmill.core.native_sweep import midstate as _state
else:

    def _state(block: bytes) -> bytes:
        return struct.pack(">8I", *sha256d.midstate(block))


MAX_LAUNCH = 1 << 31
"""Nonces: the frame of the kernel counts no further."""
FIRST_LAUNCH = 1 << 14
"""Nonces of the first launch, when nothing is known of the device's rate."""
MAX_GROWTH = 8
VERSIONS_AT_ONCE = 4
"""Each costs the host 0.07 ms, once for all launches of a header; without our C, 0.5."""

AFTER_HITS = 100e-6
"""Seconds for which the event loop, which has just been told of hits, has the interpreter first: to
queue a launch takes it as long as the loop takes to send a share, and the device has another."""


class Group(NamedTuple):
    """Versions that share a schedule: which program, from which index on, with which words."""

    versions: int
    first: int
    words: bytes


class Found(NamedTuple):
    """What a launch found: `total` is more than there are hits where the slots did not do."""

    total: int
    hits: list[tuple[int, int]]  # nonce and index of the version
    seconds: float  # on the device


class Launcher(Protocol):
    """Whatever runs a kernel over a range."""

    def run(self, groups: tuple[Group, ...], first: int, last: int) -> Found:
        """Try the nonces from first to last, both included, under the versions of all groups."""

    def let_go(self) -> None:
        """Free what it has on the device; the next run has it again."""


class Pacer:
    """How many nonces make a launch: by time, and fewer where hits are many."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._versions = 1
        self._by_time = FIRST_LAUNCH
        self._by_hits = MAX_LAUNCH

    def nonces(self, versions: int = 1) -> int:
        """Return the size of the next launch."""
        return max(1, min(self._by_time * self._versions // versions, self._by_hits, MAX_LAUNCH))

    def note(self, nonces: int, versions: int, found: Found, room: int) -> None:
        """Learn from a launch; `room` is how many hits the next may bring."""
        self._by_hits = nonces * room // (2 * found.total) if found.total else MAX_LAUNCH
        wanted = nonces * self.seconds / found.seconds if found.seconds else MAX_LAUNCH
        # A short launch says little of the rate of a long one: too small is put right next time.
        if nonces >= self.nonces(versions) or wanted < self._by_time:
            self._by_time = int(min(max(wanted, 1), nonces * MAX_GROWTH, MAX_LAUNCH))
            self._versions = versions


class OpenClKernel:
    """The kernel of one device; each thread has one of its own.

    `shapes` are the numbers of versions that a program shares a schedule between, with 1. While
    the gate is closed a scan stands still, and holds nothing of the device.
    """

    description = "OpenCL C, made for the device"

    def __init__(
        self,
        launcher: Launcher,
        shapes: tuple[int, ...],
        seconds: float,
        name: str,
        gate: Gate | None = None,
    ) -> None:
        self.name = name
        self._launcher = launcher
        self._gate = gate or Gate()
        self._busy = threading.Lock()
        self._shapes = sorted({1, *shapes}, reverse=True)
        self._pacer = Pacer(seconds)
        self._groups = lru_cache(8)(self._prepared)
        self._told = False

    @property
    def launch_seconds(self) -> float:
        """How long a launch is to take."""
        return self._pacer.seconds

    @property
    def lanes(self) -> int:
        """Nonces of the next launch."""
        return self._pacer.nonces()

    @property
    def max_versions(self) -> int:
        """The most versions that a request is worth having, shared or one after another."""
        return max(self._shapes[0], VERSIONS_AT_ONCE)

    def scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        """Search the range; see `stampmill.core.scan`. A cancel waits for the launch to end."""
        with self._busy:
            if self._told:
                time.sleep(AFTER_HITS)
            try:
                result = self._scan(request, cancel)
            except BackendError:
                self._launcher.let_go()
                raise
            self._told = bool(result.hits)
            return result

    def let_go(self) -> None:
        """Free what it has on the device, after the scan that runs; callable from any thread."""
        with self._busy:
            self._launcher.let_go()

    def _scan(self, request: ScanRequest, cancel: CancelWord) -> ScanResult:
        groups = self._groups(request.prefix, request.versions, request.target >> 224)
        first, versions = request.first, len(request.versions)
        while first < request.end:
            if cancel.is_set():
                skipped = request.first_version if first == request.first else 0
                return ScanResult(ScanStatus.CANCELLED, (), first, skipped)
            if not self._gate.is_open:
                self._launcher.let_go()
                self._gate.wait(cancel)
                continue
            end = min(first + self._pacer.nonces(versions), request.end)
            found = self._launcher.run(groups, first, end - 1)
            self._pacer.note(end - first, versions, found, min(SLOTS, request.max_hits))
            if found.total > len(found.hits):
                continue  # the pacer has made the launch smaller
            first = end
            if hits := _proven(request, found):
                return result_of_batch(request, hits, end)
        return ScanResult(ScanStatus.DONE, (), request.end, 0)

    def _prepared(
        self, prefix: bytes, versions: tuple[int, ...], highest: int
    ) -> tuple[Group, ...]:
        """Return the words of all versions; `highest` is the target's highest word."""
        tail = struct.unpack(">3I", prefix[64:76])
        work = _uniforms().work(tail, mask(highest))
        rows = [
            _uniforms().version(tail, _midstate(with_version(prefix, version)[:64]))
            for version in versions
        ]
        groups, done = [], 0
        for size in _sizes(len(versions), self._shapes):
            words = [*work, *(word for row in rows[done : done + size] for word in row)]
            groups.append(Group(size, done, struct.pack(f"<{len(words)}I", *words)))
            done += size
        return tuple(groups)


def _midstate(block: bytes) -> tuple[int, ...]:
    return struct.unpack(">8I", _state(block))


def mask(highest: int) -> int:
    """Return the bits, as SHA-256 orders them, that are 0 in the highest word of every hit."""
    above = 0xFFFFFFFF >> highest.bit_length() << highest.bit_length()
    return int.from_bytes(above.to_bytes(4, "little"), "big")


def _sizes(versions: int, shapes: list[int]) -> Iterator[int]:
    """Part a number of versions among programs, the largest first."""
    for size in shapes:
        while versions >= size:
            yield size
            versions -= size


def _proven(request: ScanRequest, found: Found) -> list[tuple[int, int]]:
    """Return the hits that meet the whole target and are asked for, in order."""
    start = request.first, request.first_version
    return sorted(hit for hit in found.hits if hit >= start and is_hit(request, *hit))


@lru_cache(1)
def _uniforms() -> Uniforms:
    return Uniforms()
