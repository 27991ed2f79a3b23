"""What was captured on real lines, through the real scheduler: job in, job frame, nonce, share."""

import asyncio
import json
import time
from typing import Any

import pytest

from stampmill.core.backends.asic.backend.backend import AsicBackend
from stampmill.core.backends.asic.board.base import Facts
from stampmill.core.backends.asic.board.chip_board import ChipBoard
from stampmill.core.backends.asic.board.chip_line import ChipLine
from stampmill.core.backends.asic.board.tuned_chain import TunedChain
from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.chip.nonces import chunk_of
from stampmill.core.backends.asic.chip.table import BM1366, BM1370, Chip
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.wire.replies import NonceReply
from stampmill.core.chain import target
from stampmill.core.chain.header import Header
from stampmill.core.job import Work
from stampmill.core.scheduler import Scheduler
from stampmill.core.stats import Stats
from stampmill.core.versions import RolledVersions
from stampmill.pool.upstream.plan import ClientPlan
from tests.core.backends.asic.vectors import by_id, section
from tests.core.fakes import make_job
from tests.pool.upstream.sessions import answer, notification, only_job, started

MASK = 0x1FFFE000


class Line:
    """A port that keeps what is written and reads what a test says. Implements Port."""

    name, baud = "captured", 115_200

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self._replies: asyncio.Queue[bytes] = asyncio.Queue()

    def say(self, data: bytes) -> None:
        self._replies.put_nowait(data)

    async def read(self) -> bytes:
        return await self._replies.get()

    def write(self, data: bytes) -> None:
        self.written.append(data)

    async def drain(self) -> None:
        """Nothing waits."""

    async def set_baud(self, baud: int) -> None:
        self.baud = baud

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def jobs(self) -> list[bytes]:
        return [frame for frame in self.written if frame[2] == 0x21]


class CapturedBoard(ChipBoard):
    """A chip that has been brought up already."""

    def __init__(self, chip: Chip, line: Line) -> None:
        super().__init__("captured")
        self.line = line
        self.tuned = TunedChain(Chain(chip, 1), chip.default_mhz)

    async def bring_up(self) -> Facts:
        self._line = ChipLine(await self.power_up(), self.tuned)
        return self.tuned.facts()

    async def power_up(self) -> Port:
        return self.line

    async def power_down(self) -> None:
        """It has none."""


def test_a_bitaxes_share_from_notify_to_submit() -> None:
    case = by_id("share", "share-1370-gamma")
    asyncio.run(_bitaxe(case))


async def _bitaxe(case: dict[str, Any]) -> None:
    line = Line()
    backend = AsicBackend(CapturedBoard(BM1370, line))
    stats = Stats()
    scheduler = Scheduler([backend], stats, time.monotonic, lambda _event: None)
    await backend.open()
    reader = asyncio.create_task(_pass_on(backend, scheduler))
    # Ids go round: the one that the capture had is the last of them, and 15 jobs go before it.
    for _ in range(15):
        scheduler.on_job(make_job(received_at=time.monotonic()))
    protocol, job = _from_pool(case["stratum"])
    scheduler._extranonces.position = int(case["stratum"]["extranonce2"], 16)
    scheduler.on_job(job)
    assert line.jobs[-1].hex() == case["job_frame"]
    line.say(b"\x00\xaa" + bytes.fromhex(case["response"]))
    await _until(lambda: job.sink.shares)
    (share,) = job.sink.shares
    assert share.difficulty == pytest.approx(case["difficulty"], rel=1e-6)
    assert share.hash[::-1].hex() == case["hash_display"]
    protocol.submit(share, 1000.0)
    submitted = json.loads(protocol.data_to_send())
    assert submitted["params"][1:] == case["stratum"]["submit"]
    assert (stats.submitted, stats.hardware_errors, stats.duplicates) == (1, 0, 0)
    await backend.close()
    await reader
    report = backend.telemetry().board
    assert report is not None
    assert report.chips[0].nonces == 1


def _from_pool(stratum: dict[str, Any]) -> Any:
    """Return a session with a pool that sent the captured job, and that job."""
    protocol = started(ClientPlan("miner/1.0", "user", "x"))
    subscribed = answer(2, [[["mining.notify", "1"]], stratum["extranonce1"], 4])
    configured = answer(1, {"version-rolling": True, "version-rolling.mask": "1fffe000"})
    protocol.feed(configured + subscribed + answer(3), 1000.0)
    protocol.data_to_send()
    job = stratum["notify"]
    params = [
        job["job_id"], job["prev"], job["coinb1"], job["coinb2"], job["branches"],
        job["version"], job["nbits"], job["ntime"], job["clean"],
    ]  # fmt: skip
    events = protocol.feed(
        notification("mining.set_difficulty", stratum["pool_difficulty"])
        + notification("mining.notify", *params),
        time.monotonic(),
    )
    return protocol, only_job(events)


class OneWork:
    """A feed with one piece of work, whose header is known."""

    received_at = 0.0

    def __init__(self, header: Header) -> None:
        job = make_job(
            previous_hash=header.previous_hash, nbits=header.nbits, ntime=header.ntime,
            version=header.version, version_mask=MASK, share_target=target.DIFFICULTY_1_TARGET,
        )  # fmt: skip
        bits = tuple(1 << place for place in range(13, 29))
        versions = RolledVersions(header.version, bits, range(65_536))
        easiest = (1 << 224) - 1
        self._work: Work | None = Work(
            job, bytes(4), header.merkle_root, header.ntime, versions, 0, 1 << 32, easiest
        )

    def take(self, nonces: int, versions: int) -> Work | None:
        work, self._work = self._work, None
        return work


def base(header: Header) -> Header:
    """Return the header before the chip rolled its version."""
    version = header.version & ~MASK
    return Header(version, header.previous_hash, header.merkle_root, header.ntime, header.nbits, 0)


BM1366_CASES = [case for case in section("share") if case["id"].startswith("share-1366-")]


@pytest.mark.parametrize("case", BM1366_CASES, ids=lambda case: case["id"])
def test_every_nonce_that_a_bm1366_was_seen_to_find_is_taken(case: dict[str, Any]) -> None:
    asyncio.run(_bm1366(case))


async def _bm1366(case: dict[str, Any]) -> None:
    line = Line()
    backend = AsicBackend(CapturedBoard(BM1366, line))
    await backend.open()
    header = Header.from_bytes(bytes.fromhex(case["header"]))
    backend.replace(OneWork(base(header)))  # type: ignore[arg-type]
    frame = line.jobs[-1]
    if "job_frame" in case:  # but for the job id, and the check sum over it
        assert frame[5:-2].hex() == case["job_frame"][10:-4]
    rolled = (header.version & MASK) >> 13
    job_id = frame[4] >> 3
    nonce_bytes = bytes.fromhex(case["nonce_bytes"])
    line.say(NonceReply(nonce_bytes, chunk_of(BM1366, job_id, rolled & 7), rolled).encode())
    async with asyncio.timeout(5):
        nonce = await anext(backend.nonces())
    found = nonce.work.header(nonce.nonce, nonce.version, nonce.ntime)
    assert found.to_bytes().hex() == case["header"]
    assert found.hash()[::-1].hex() == case["hash_display"]
    await backend.close()


async def _pass_on(backend: AsicBackend, scheduler: Scheduler) -> None:
    async for nonce in backend.nonces():
        scheduler.on_nonce(nonce)


async def _until(done: Any) -> None:
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110  a list has no events
            await asyncio.sleep(0)
