"""How soon a new job's first byte is handed to the line."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count
from statistics import median

from stampmill.bench.boards.world import Plan, Seat, seat
from stampmill.bench.pipeline.targets import Finding, Outcome, Target
from stampmill.bench.record import Benchmark
from stampmill.core.chain import target
from stampmill.core.emulator.boards.kinds import BoardOptions
from stampmill.core.job import Job, Share
from stampmill.core.work import ExtranonceCounter, TicketFeed, WorkSpace

SWITCH = Target("boards-switch", "new job to first byte on the line, p99", 5.0, "ms")
ORDER = Target("boards-order", "frames of an older job behind a new one", 0, "frames")

TARGETS = (SWITCH, ORDER)

_JOB = b"\x55\xaa\x21"
_PLAN = Plan(0.0)


def measure(switches: int, boards: int) -> Finding:
    """Give each board so many clean jobs, on real time, while they mine."""
    delays, older = asyncio.run(_measure(switches, boards))
    p99 = sorted(delays)[min(int(len(delays) * 0.99), len(delays) - 1)]
    detail = f"{boards} boards, {len(delays)} jobs, median {median(delays) * 1000:.3f} ms"
    return Finding(
        [Outcome(SWITCH, p99 * 1000, detail), Outcome(ORDER, older, f"of {len(delays)} jobs")],
        [Benchmark("boards", "job-switch", delays)],
    )


class _Sink:
    def submit(self, share: Share) -> None:
        """Forget it."""


class _Line:
    """Watches what a driver writes behind each new job."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.delays: list[float] = []
        self.older = 0
        self._asked: float | None = None
        self._tail = b""
        seat.modem.on_write = self._written

    def turn_to(self, feed: TicketFeed, tail: bytes) -> None:
        """Give the board a job, and wait for its frame; `tail` is what all its frames contain."""
        self._tail = tail
        self._asked = time.perf_counter()
        self.seat.backend.replace(feed)

    def _written(self, data: bytes) -> None:
        if _JOB not in data:
            return
        if self._tail not in data:
            self.older += 1
        elif self._asked is not None:
            self.delays.append(time.perf_counter() - self._asked)
            self._asked = None


async def _measure(switches: int, boards: int) -> tuple[list[float], int]:
    options = BoardOptions("bm1370", rate=2.0**18, zero_bits=12)
    lines = [_Line(seat(options, f"board-{i}", _PLAN)) for i in range(boards)]
    await asyncio.gather(*(line.seat.backend.open() for line in lines))
    readers = [asyncio.ensure_future(_read(line.seat)) for line in lines]
    extranonces, numbers = ExtranonceCounter(), count(1)
    for _ in range(switches):
        await _switch_all(lines, extranonces, next(numbers))
        await asyncio.sleep(0.02)
    for line in lines:
        await line.seat.backend.close()
        line.seat.modem.close()
    await asyncio.gather(*readers)
    return [d for line in lines for d in line.delays], sum(line.older for line in lines)


async def _switch_all(lines: Sequence[_Line], extranonces: ExtranonceCounter, number: int) -> None:
    for line in lines:
        job = _job(number)
        feed = TicketFeed(WorkSpace(job, extranonces, time.monotonic), job.share_target)
        line.turn_to(feed, job.ntime.to_bytes(4, "little"))


async def _read(seat: Seat) -> None:
    async for _nonce in seat.backend.nonces():
        pass


def _job(number: int) -> Job:
    """Return a job that its ntime tells from all others, on the line as well."""
    share_target = (1 << 235) - 1
    return Job(
        id=str(number), previous_hash=bytes(range(32)), coinbase1=b"coinbase1", coinbase2=b"",
        extranonce1=b"", extranonce2_size=4, merkle_branch=(), version=0x20000000,
        version_mask=0x1FFFE000, nbits=0x207FFFFF, ntime=0x40000000 + number, clean=True,
        difficulty=target.difficulty_of_target(share_target), share_target=share_target,
        network_target=0, received_at=time.monotonic(), sink=_Sink(),
    )  # fmt: skip
