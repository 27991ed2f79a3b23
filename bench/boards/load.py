"""What boards of an S21's class cost the host: one captured nonce per 20 ms each, on real time."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from stampmill.bench.pipeline.targets import Bound, Finding, Outcome, Target
from stampmill.bench.processes.children import ChildError
from stampmill.core.backends.asic.backend.backend import AsicBackend
from stampmill.core.backends.asic.board.bare import BareBoard
from stampmill.core.chain.header import Header
from stampmill.core.emulator.replay import captured_jobs
from stampmill.core.job import Job, Share, Work
from stampmill.core.verify import Finding as Verdict
from stampmill.core.verify import verify
from stampmill.core.versions import RolledVersions

PER_NONCE = Target("boards-cpu-nonce", "CPU time of an accepted nonce", 1.0, "ms")
PER_BOARD = Target("boards-cpu", "of one core, for a board with a nonce per 20 ms", 5.0, "%")
SERVED = Target("boards-served", "such boards that one core serves", 20, "boards", Bound.AT_LEAST)

TARGETS = (PER_NONCE, PER_BOARD, SERVED)

_NONCES_PER_SECOND = 50
_TICKET_BITS = 8
_RATE = _NONCES_PER_SECOND * 2.0 ** (32 + _TICKET_BITS)
_TARGET = (1 << (256 - 32 - _TICKET_BITS)) - 1
_START_SECONDS = 30.0
_BITS = tuple(1 << bit for bit in range(13, 29))
_JOB_SECONDS = 0.5


def measure(boards: int, seconds: float) -> Finding:
    """Mine captured jobs on so many emulated boards in processes of their own."""
    with tempfile.TemporaryDirectory() as folder, _emulated(Path(folder), boards) as links:
        nonces, cpu, passed = asyncio.run(_mine(links, seconds))
    if not nonces:
        return Finding([Outcome(target, None, "no nonce came") for target in TARGETS])
    share = cpu / passed / boards
    detail = f"{boards} boards, {nonces} nonces in {passed:.1f} s, {cpu:.2f} s of CPU"
    at_full_rate = cpu / nonces * _NONCES_PER_SECOND
    return Finding(
        [
            Outcome(PER_NONCE, cpu / nonces * 1000, detail),
            Outcome(PER_BOARD, share * 100, f"{nonces / passed / boards:.1f} nonces/s a board"),
            Outcome(SERVED, 1 / max(share, at_full_rate), "by what one of these costs"),
        ]
    )


@contextmanager
def _emulated(folder: Path, boards: int) -> Iterator[Sequence[Path]]:
    links = [folder / f"board-{i}" for i in range(boards)]
    processes = [_emulator(link, seed) for seed, link in enumerate(links)]
    try:
        _wait_for(links)
        yield links
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def _emulator(link: Path, seed: int) -> "subprocess.Popen[bytes]":
    line = [
        sys.executable, "-P", "-m", "stampmill.core", "emulate", "bm1366", "--replay", "--quiet",
        "--hashrate", f"{_RATE:g}", "--link", str(link), "--seed", str(seed),
    ]  # fmt: skip
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  our own interpreter


def _wait_for(links: Sequence[Path]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not all(link.exists() for link in links):
        if time.monotonic() > deadline:
            raise ChildError("an emulated board did not appear")
        time.sleep(0.05)


async def _mine(links: Sequence[Path], seconds: float) -> tuple[int, float, float]:
    """Return accepted nonces, seconds of this process's CPU time, and seconds that passed."""
    backends = [AsicBackend(BareBoard(str(link))) for link in links]
    await asyncio.gather(*(backend.open() for backend in backends))
    accepted: list[int] = []
    readers = [asyncio.ensure_future(_accept(backend, accepted)) for backend in backends]
    await _give_jobs(backends, 2)
    accepted.clear()
    cpu, begun = time.process_time(), time.monotonic()
    await _give_jobs(backends, round(seconds / _JOB_SECONDS))
    result = len(accepted), time.process_time() - cpu, time.monotonic() - begun
    for backend in backends:
        await backend.close()
    await asyncio.gather(*readers)
    return result


async def _give_jobs(backends: Sequence[AsicBackend], jobs: int) -> None:
    """Give every board so many jobs: few enough nonces each that most are no duplicates."""
    for _ in range(jobs):
        for backend in backends:
            backend.update(_CapturedFeed())
        await asyncio.sleep(_JOB_SECONDS)


async def _accept(backend: AsicBackend, accepted: list[int]) -> None:
    async for nonce in backend.nonces():
        if verify(nonce)[0] is Verdict.SHARE:
            accepted.append(nonce.nonce)  # noqa: PERF401  the list is read meanwhile


class _NoSink:
    def submit(self, share: Share) -> None:
        """Forget it."""


class _CapturedFeed:
    """Hands out block 839900's header again and again, under one job id after the other."""

    def __init__(self) -> None:
        prefix = next(prefix for prefix in captured_jobs() if prefix[72:76].hex() == "19420317")
        header = Header.from_bytes(prefix + bytes(4))
        self.received_at = time.monotonic()
        self._header = header
        self._job = Job(
            id="839900", previous_hash=header.previous_hash, coinbase1=b"", coinbase2=b"",
            extranonce1=b"", extranonce2_size=4, merkle_branch=(), version=header.version,
            version_mask=sum(_BITS), nbits=header.nbits, ntime=header.ntime, clean=True,
            difficulty=256, share_target=_TARGET, network_target=0,
            received_at=self.received_at, sink=_NoSink(),
        )  # fmt: skip

    def take(self, nonces: int, versions: int) -> Work | None:  # noqa: ARG002
        """Return the same header: chips roll its version."""
        header = self._header
        rolled = RolledVersions(header.version, _BITS, range(min(versions, 1 << 16)))
        return Work(self._job, b"", header.merkle_root, header.ntime, rolled, 0, 1 << 32, _TARGET)
