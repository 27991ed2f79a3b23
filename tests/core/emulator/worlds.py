"""The real miner and driver at emulated boards, in virtual time; the source accepts shares."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from stampmill.core.backends.asic.backend.backend import AsicBackend
from stampmill.core.backends.asic.board.bare import BareBoard
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.emulation import Emulation as Told
from stampmill.core.chain import target
from stampmill.core.emulator.boards.board import Board
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.chips.searching import Engine
from stampmill.core.emulator.faults.catalogue import parse
from stampmill.core.emulator.null_modem import NullModem
from stampmill.core.emulator.virtual_time import run
from stampmill.core.events import Event
from stampmill.core.job import Share
from stampmill.core.miner import Miner
from stampmill.core.snapshot import Snapshot
from tests.core.fakes import MemorySource, make_job

MASK = 0x1FFFE000


class EmulatedBare(BareBoard):
    """A bare board at a cable in memory: what a file beside the link says, it knows already."""

    def __init__(self, modem: NullModem, told: Told, settings: BoardSettings | None = None) -> None:
        super().__init__(modem.name, settings, opener=modem.open, sleep=asyncio.sleep)
        self._told = told

    def emulation(self) -> Told:
        return self._told


@dataclass
class Seat:
    """One emulated board with its driver."""

    board: Board
    modem: NullModem
    backend: AsicBackend


class TimedSource(MemorySource):
    """Sends a new job every so often, each with another coinbase; every third is clean."""

    def __init__(self, every: float, share_bits: int) -> None:
        super().__init__()
        self.every = every
        self.share_bits = share_bits
        self.sent_at: dict[str, float] = {}
        self.share_times: list[float] = []

    async def run(self, listener: Any) -> None:
        self.listener = listener
        loop = asyncio.get_running_loop()
        for number in count():
            self.sent_at[f"job-{number}"] = loop.time()
            listener.on_job(self._job(number, loop.time()))
            await asyncio.sleep(self.every)

    def submit(self, share: Share) -> None:
        self.share_times.append(asyncio.get_running_loop().time())
        super().submit(share)

    def _job(self, number: int, now: float) -> Any:
        share_target = (1 << (256 - self.share_bits)) - 1
        return make_job(
            self, id=f"job-{number}", coinbase1=b"coinbase %d" % number, version_mask=MASK,
            clean=number % 3 == 0, received_at=now, share_target=share_target,
            network_target=target.target_from_nbits(0x207FFFFF),
        )  # fmt: skip


@dataclass
class World:
    """What is left of a run."""

    source: TimedSource
    seats: Sequence[Seat]
    shot: Snapshot
    events: list[Event]

    @property
    def board(self) -> Board:
        return self.seats[0].board

    def counts(self, seat: int = 0) -> dict[str, int]:
        """The driver's counts of one board, chips and line together."""
        report = self.seats[seat].backend.telemetry().board
        assert report is not None
        counts: dict[str, int] = {"nonces": sum(chip.nonces for chip in report.chips)}
        for chip in report.chips:
            for name, number in chip.counts:
                counts[name] = counts.get(name, 0) + number
        return counts | dict(report.line)


def mine(
    seconds: float, *options: BoardOptions, share_bits: int = 12, job_every: float = 10.0,
    tick: float = 0.05, baud: int | None = None, engine: Engine | None = None,
    meanwhile: Callable[[Sequence[Seat]], Any] | None = None,
) -> World:  # fmt: skip
    """Mine for so many virtual seconds."""
    source = TimedSource(job_every, share_bits)
    return run(_mine(seconds, options, source, tick, baud, engine, meanwhile))


async def _mine(  # noqa: PLR0917
    seconds: float, options: Sequence[BoardOptions], source: TimedSource, tick: float,
    baud: int | None, engine: Engine | None, meanwhile: Callable[[Sequence[Seat]], Any] | None,
) -> World:  # fmt: skip
    clock = asyncio.get_running_loop().time
    seats = [seat(each, tick, baud, engine, f"board-{i}") for i, each in enumerate(options)]
    events: list[Event] = []
    miner = Miner(source, [s.backend for s in seats], observer=events.append, clock=clock)
    other = asyncio.create_task(meanwhile(seats)) if meanwhile else None
    try:
        await miner.run(seconds)
    finally:
        if other is not None:
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)
        for each in seats:
            each.modem.close()
    return World(source, seats, miner.snapshot(), events)


def seat(
    options: BoardOptions, tick: float, baud: int | None, engine: Engine | None, name: str
) -> Seat:
    board = build(options, engine)
    modem = NullModem(name, board.ports[0].emulation, tick)
    facts = board.facts
    told = Told(int(str(facts["zero_bits"])), float(str(facts["hashrate"])))
    driver = EmulatedBare(modem, told, BoardSettings(baud=baud))
    clock = asyncio.get_running_loop().time
    return Seat(board, modem, AsicBackend(driver, clock=clock, sleep=asyncio.sleep))


def board(kind: str, *faults: str, **more: Any) -> BoardOptions:
    """A board that finds about a nonce a second with little hashing."""
    usual = BoardOptions(kind, rate=2**16, zero_bits=8, faults=parse(faults), seed=7)
    return replace(usual, **more)
