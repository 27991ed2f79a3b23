"""The whole miner at emulated boards, in memory: a source that takes every share, no pool."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count

from stampmill.bench.boards import drivers
from stampmill.bench.boards.cables import Cables
from stampmill.core.backends.asic.backend.backend import AsicBackend
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.chain import target
from stampmill.core.emulator.boards.board import Board
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.null_modem import NullModem
from stampmill.core.emulator.virtual_time import run
from stampmill.core.events import Event
from stampmill.core.job import Job, Share, ShareResult, Verdict
from stampmill.core.job_source import JobListener, SourceState, SourceStatus
from stampmill.core.miner import Miner
from stampmill.core.snapshot import Snapshot

MASK = 0x1FFFE000
"""What BIP 320 lets pools grant."""
_REGTEST_BITS = 0x207FFFFF
_CLEAN_EVERY = 3
_TOLD = 100

Meanwhile = Callable[[Sequence["Seat"]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Seat:
    """One emulated board with its driver. `modem` is the cable of its first port.

    `told` is what the driver had to say, and when.
    """

    board: Board
    modem: NullModem
    backend: AsicBackend
    cables: Cables
    told: deque[tuple[float, str]]

    def unplug(self) -> None:
        """Take it away, with all its ports."""
        self.cables.unplug()
        self.board.on_unplugged(asyncio.get_running_loop().time())

    def plug_in(self) -> None:
        """Put it back."""
        self.cables.plug_in()

    async def close(self) -> None:
        """Stop the board's time."""
        await self.cables.close()


class JobStream:
    """A source that sends a new job every so often, and accepts each share.

    Every third job is clean. Times are the event loop's.
    """

    def __init__(self, every: float, share_bits: int, version_mask: int = MASK) -> None:
        self.shares: list[Share] = []
        self.share_times: list[float] = []
        self.keeps_shares = True
        self.jobs = 0
        self._every = every
        self._mask = version_mask
        self._share_target = (1 << (256 - share_bits)) - 1
        self._listener: JobListener | None = None

    async def run(self, listener: JobListener) -> None:
        """Send jobs until cancelled."""
        self._listener = listener
        loop = asyncio.get_running_loop()
        for self.jobs in count(1):
            listener.on_job(self._job(loop.time()))
            await asyncio.sleep(self._every)

    def submit(self, share: Share) -> None:
        """Accept a share at once."""
        if self.keeps_shares:
            self.shares.append(share)
            self.share_times.append(asyncio.get_running_loop().time())
        if self._listener is not None:
            self._listener.on_share_result(share, ShareResult(Verdict.ACCEPTED, latency=0.0))

    async def drain(self, seconds: float) -> None:
        """Return: nothing is ever open."""

    def status(self) -> SourceStatus:
        """Return that it works."""
        return SourceStatus("memory", SourceState.AUTHORIZED, "", "", pending=0)

    def _job(self, now: float) -> Job:
        return Job(
            id=f"job-{self.jobs}", previous_hash=bytes(range(32)),
            coinbase1=b"coinbase %d" % self.jobs, coinbase2=b"coinbase2",
            extranonce1=b"\x08\x00\x00\x02", extranonce2_size=4, merkle_branch=(bytes(32),),
            version=0x20000000, version_mask=self._mask, nbits=_REGTEST_BITS, ntime=1_700_000_000,
            clean=self.jobs % _CLEAN_EVERY == 1,
            difficulty=target.difficulty_of_target(self._share_target),
            share_target=self._share_target,
            network_target=target.target_from_nbits(_REGTEST_BITS), received_at=now, sink=self,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """What is left of a run."""

    source: JobStream
    seats: Sequence[Seat]
    shot: Snapshot
    events: Sequence[Event]

    @property
    def board(self) -> Board:
        """The first board."""
        return self.seats[0].board

    def counts(self, seat: int = 0) -> dict[str, int]:
        """Return the driver's counts of one board, of its chips and its line together."""
        report = self.seats[seat].backend.telemetry().board
        if report is None:
            return {}
        counts: dict[str, int] = {"nonces": sum(chip.nonces for chip in report.chips)}
        for chip in report.chips:
            for name, number in chip.counts:
                counts[name] = counts.get(name, 0) + number
        return counts | dict(report.line)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to mine: for so many virtual seconds, with shares of so many zero bits."""

    seconds: float
    share_bits: int = 12
    job_every: float = 10.0
    tick: float = 0.05
    baud: int | None = None
    keeps_shares: bool = True
    version_mask: int = MASK


def mine(plan: Plan, *options: BoardOptions, meanwhile: Meanwhile | None = None) -> World:
    """Mine in virtual time."""
    return run(_mine(plan, options, meanwhile))


def seat(options: BoardOptions, name: str, plan: Plan) -> Seat:
    """Return a board with its driver; belongs to the running event loop."""
    board = build(options)
    cables = Cables(board, name, plan.tick)
    driver = drivers.driver(board, cables, BoardSettings(baud=plan.baud))
    clock = asyncio.get_running_loop().time
    told: deque[tuple[float, str]] = deque(maxlen=_TOLD)
    backend = AsicBackend(
        driver, clock=clock, sleep=asyncio.sleep, tell=lambda line: told.append((clock(), line))
    )
    return Seat(board, cables.modem, backend, cables, told)


async def _mine(plan: Plan, options: Sequence[BoardOptions], meanwhile: Meanwhile | None) -> World:
    source = JobStream(plan.job_every, plan.share_bits, plan.version_mask)
    source.keeps_shares = plan.keeps_shares
    seats = [seat(each, f"board-{i}", plan) for i, each in enumerate(options)]
    events: list[Event] = []
    clock = asyncio.get_running_loop().time
    observer = events.append if plan.keeps_shares else _nobody
    miner = Miner(source, [each.backend for each in seats], observer=observer, clock=clock)
    other = asyncio.ensure_future(meanwhile(seats)) if meanwhile else None
    try:
        await miner.run(plan.seconds)
    finally:
        if other is not None:
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)
        for each in seats:
            await each.close()
    return World(source, seats, miner.snapshot(), events)


def _nobody(event: Event) -> None:
    """Listen to nothing."""
