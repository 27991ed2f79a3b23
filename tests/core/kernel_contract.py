"""What every kernel promises (`core.scan`): one body of tests for all of them.

A kernel's test class derives from `KernelContract` and gives the fixture `kernel`:

    class TestMyKernel(KernelContract):
        @pytest.fixture
        def kernel(self) -> Kernel:
            return MyKernel()

`budget` is about how many hashes a test may spend: lower it for a slow kernel.
"""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from stampmill.core.scan import (
    MAX_HITS,
    MAX_VERSIONS,
    NONCE_SPACE,
    CancelWord,
    Hit,
    Kernel,
    ScanRequest,
    ScanResult,
    ScanStatus,
)

MAX_TARGET = (1 << 256) - 1
VECTORS = Path(__file__).parents[1] / "vectors" / "stratum.json"

Scan = Callable[[ScanRequest], ScanResult]


@dataclass(frozen=True, slots=True)
class KnownHeader:
    """A header of a public chain, whose hash is known."""

    name: str
    header: bytes
    nonce: int
    version: int
    hash: int


def _known_headers() -> list[KnownHeader]:
    return [
        KnownHeader(
            entry["name"],
            bytes.fromhex(entry["header"]),
            entry["nonce"],
            int(entry["version"], 16),
            int(entry["hash"], 16),
        )
        for entry in json.loads(VECTORS.read_text())["headers"]
    ]


KNOWN_HEADERS = _known_headers()


class KernelContract:
    """The tests. Hits are compared with hashlib, nonce by nonce."""

    budget = 1 << 15

    @pytest.fixture
    def kernel(self) -> Kernel:
        """Return the kernel under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("known", KNOWN_HEADERS, ids=lambda known: known.name)
    def test_finds_a_known_header_and_nothing_harder(
        self, kernel: Kernel, known: KnownHeader
    ) -> None:
        first, end = max(0, known.nonce - 37), min(known.nonce + 38, NONCE_SPACE)
        # The prefix's own version does not count: the scan's versions replace it.
        prefix = b"\xaa\xbb\xcc\xdd" + known.header[4:76]
        versions = (known.version ^ 1 << 20, known.version)
        request = ScanRequest(prefix, versions, first, end, known.hash)
        assert Hit(known.nonce, known.version) in walk(kernel, request)
        assert walk(kernel, request) == oracle(request)
        harder = replace(request, target=known.hash - 1)
        assert Hit(known.nonce, known.version) not in walk(kernel, harder)

    @pytest.mark.parametrize("seed", range(4))
    def test_hits_are_those_of_hashlib_for_any_target(self, kernel: Kernel, seed: int) -> None:
        # Targets whose highest 32 bits are all, part or none; and a hash itself, and one below.
        prefix, first = random_header(seed), 1_000_003 * seed
        end = first + self.budget // 32
        hashes = sorted(value for _, value in hash_values(prefix, (seed,), first, end))
        bounds = [hashes[0], hashes[0] - 1, hashes[10], hashes[-1], hashes[-1] - 1]
        powers = [(1 << bits) - 1 for bits in (256, 255, 253, 249, 247, 224, 200, 0)]
        for target in [*bounds, *powers, 1 << 255, 0xFFFF << 208]:
            request = ScanRequest(prefix, (seed,), first, end, target, max_hits=MAX_HITS)
            assert walk(kernel, request) == oracle(request)

    @pytest.mark.parametrize("count", [1, 3])
    @pytest.mark.parametrize("end", [None, NONCE_SPACE], ids=["from 5", "up to 2**32"])
    def test_ranges_of_any_length_are_searched_whole(
        self, kernel: Kernel, end: int | None, count: int
    ) -> None:
        versions = tuple(range(count))
        around_lanes = {n * kernel.lanes + d for n in (1, 2, 3) for d in (-1, 0, 1)}
        lengths = {*range(71), *(n for n in around_lanes if n <= self.budget)}
        for length in sorted(lengths):
            last = 5 + length if end is None else end
            request = ScanRequest(
                random_header(length), versions, last - length, last, 1 << 255, max_hits=MAX_HITS
            )
            assert walk(kernel, request) == oracle(request)

    def test_highest_word_of_the_target_counts_to_the_bit(self, kernel: Kernel) -> None:
        # Half of the hashes miss each bit, so the further down, the more nonces it takes.
        prefix, end = random_header(7), self.budget // 64
        for bits in range(240, 256):
            for target in (1 << bits, (1 << bits) - 1, 3 << bits - 2, (1 << bits) + (1 << 200)):
                request = ScanRequest(prefix, (7,), 3, 3 + end, target, max_hits=MAX_HITS)
                assert walk(kernel, request) == oracle(request)

    @pytest.mark.parametrize("count", [2, 5, MAX_VERSIONS])
    def test_last_nonces_of_all_are_searched_under_each_version(
        self, kernel: Kernel, count: int
    ) -> None:
        versions = tuple(0x20000000 + (i << 13) for i in range(count))
        for length in sorted({1, 2, 3, 7, 8, 9, 15, 16, 17, 33}):
            request = ScanRequest(
                random_header(length),
                versions,
                NONCE_SPACE - length,
                NONCE_SPACE,
                1 << 253,
                first_version=length % count,
                max_hits=MAX_HITS,
            )
            assert walk(kernel, request) == oracle(request)

    def test_one_scan_leaves_nothing_behind_for_the_next(self, kernel: Kernel) -> None:
        # Each begins where the one before stopped, with another header, or other versions.
        for seed in range(6):
            versions = tuple(range(seed, seed + 1 + seed % 3))
            first = seed * kernel.lanes
            request = ScanRequest(
                random_header(seed // 2), versions, first, first + kernel.lanes, 1 << 254
            )
            assert walk(kernel, request) == oracle(request)

    @pytest.mark.parametrize("count", range(1, MAX_VERSIONS + 1))
    def test_full_buffer_neither_drops_nor_repeats_a_hit(self, kernel: Kernel, count: int) -> None:
        versions = tuple(0x20000000 + (i << 13) for i in range(count))
        for max_hits in range(1, 6):
            request = ScanRequest(
                random_header(count), versions, 60, 60 + 37, 1 << 254, max_hits=max_hits
            )
            assert walk(kernel, request) == oracle(request)

    @pytest.mark.parametrize("first_version", range(3))
    def test_scan_starts_at_a_version_inside_its_first_nonce(
        self, kernel: Kernel, first_version: int
    ) -> None:
        request = ScanRequest(bytes(76), (7, 8, 9), 5, 9, MAX_TARGET, first_version, max_hits=20)
        every_pair = [Hit(nonce, version) for nonce in range(5, 9) for version in (7, 8, 9)]
        assert walk(kernel, request) == every_pair[first_version:]

    def test_same_version_twice_is_reported_twice(self, kernel: Kernel) -> None:
        request = ScanRequest(bytes(76), (7, 7), 5, 6, MAX_TARGET)
        assert walk(kernel, request) == [Hit(5, 7), Hit(5, 7)]

    def test_empty_range_is_done_at_once(self, kernel: Kernel) -> None:
        for nonce in (0, 5, NONCE_SPACE):
            request = ScanRequest(bytes(76), (1,), nonce, nonce, MAX_TARGET)
            assert kernel.scan(request, CancelWord()) == ScanResult(ScanStatus.DONE, (), nonce, 0)

    def test_returns_after_the_batch_that_held_a_hit(self, kernel: Kernel) -> None:
        end = min(NONCE_SPACE, kernel.lanes * 8 + 4096)
        request = ScanRequest(random_header(3), (1, 2), 0, end, MAX_TARGET >> 7, max_hits=MAX_HITS)
        first_hit = oracle(replace(request, end=4096))[0]
        result = kernel.scan(request, CancelWord())
        assert result.status in {ScanStatus.HIT, ScanStatus.FULL}
        assert result.hits[0] == first_hit
        assert first_hit.nonce < result.next_nonce <= first_hit.nonce + kernel.lanes

    def test_cancel_before_the_scan_stops_it(self, kernel: Kernel) -> None:
        cancel = CancelWord()
        cancel.set()
        request = ScanRequest(bytes(76), (1, 2), 0, NONCE_SPACE, 0, first_version=1)
        result = kernel.scan(request, cancel)
        assert result.status is ScanStatus.CANCELLED
        assert result.next_nonce < NONCE_SPACE

    def test_cancel_during_the_scan_stops_it(self, kernel: Kernel) -> None:
        cancel = CancelWord()
        with ThreadPoolExecutor(1) as pool:
            scan = pool.submit(
                kernel.scan, ScanRequest(bytes(76), (1,), 0, NONCE_SPACE, target=0), cancel
            )
            cancel.set()
            result = scan.result(timeout=60)
        assert result.status is ScanStatus.CANCELLED
        assert result.hits == ()

    @pytest.mark.parametrize("count", [1, 2, MAX_VERSIONS])
    def test_cancelled_scans_lose_no_hit(self, kernel: Kernel, count: int) -> None:
        rng, end = random.Random(count), 77 + self.budget // (2 * count)
        versions = tuple(range(3, 3 + count))
        request = ScanRequest(random_header(9), versions, 77, end, MAX_TARGET >> 9, max_hits=2)
        with ThreadPoolExecutor(1) as pool:

            def scan_and_cancel(part: ScanRequest) -> ScanResult:
                cancel = CancelWord()
                scan = pool.submit(kernel.scan, part, cancel)
                for _ in range(rng.randrange(2000)):
                    pass  # meanwhile the scan gets a little way, or not even started
                cancel.set()
                result = scan.result(timeout=60)
                stuck = (result.next_nonce, result.next_version) == (part.first, part.first_version)
                return kernel.scan(part, CancelWord()) if stuck else result

            assert walk(kernel, request, scan_and_cancel) == oracle(request)


def walk(kernel: Kernel, request: ScanRequest, scan: Scan | None = None) -> list[Hit]:
    """Scan the whole range, going on where each call stopped; check each call on the way."""
    scan = scan or (lambda part: kernel.scan(part, CancelWord()))
    hits: list[Hit] = []
    while True:
        result = scan(request)
        _check_result(request, result)
        hits += result.hits
        if result.status is ScanStatus.DONE:
            return hits
        request = replace(request, first=result.next_nonce, first_version=result.next_version)


def _check_result(request: ScanRequest, result: ScanResult) -> None:
    start = (request.first, request.first_version)
    stop = (result.next_nonce, result.next_version)
    assert result.status is ScanStatus.DONE or start < stop, "a scan without progress"
    assert stop <= (request.end, 0), "a scan past its end"
    assert len(result.hits) <= request.max_hits
    assert result.status is not ScanStatus.HIT or result.hits
    assert result.status is not ScanStatus.FULL or len(result.hits) == request.max_hits
    assert result.status is not ScanStatus.DONE or stop == (request.end, 0)
    for hit in result.hits:
        assert request.first <= hit.nonce
        assert (hit.nonce, 0) <= stop, "a hit past the position to go on at"


def random_header(seed: int) -> bytes:
    """Return 76 bytes that depend on the seed alone."""
    return random.Random(seed).randbytes(76)


def oracle(request: ScanRequest) -> list[Hit]:
    """Return every hit of the range by hashlib."""
    pairs = hash_values(request.prefix, request.versions, request.first, request.end)
    return [hit for hit, value in pairs[request.first_version :] if value <= request.target]


@cache
def hash_values(
    prefix: bytes, versions: tuple[int, ...], first: int, end: int
) -> list[tuple[Hit, int]]:
    """Return the hashes of a range as little-endian numbers, in scan order."""
    starts = [(version, version.to_bytes(4, "little") + prefix[4:]) for version in versions]
    return [
        (Hit(nonce, version), _hash_value(start + nonce.to_bytes(4, "little")))
        for nonce in range(first, end)
        for version, start in starts
    ]


def _hash_value(header: bytes) -> int:
    return int.from_bytes(sha256(sha256(header).digest()).digest(), "little")
