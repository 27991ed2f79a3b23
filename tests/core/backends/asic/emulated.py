"""An emulated board and our backend on it, in one process and on one event loop."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from stampmill.bench.boards.world import Plan, Seat, seat
from stampmill.core.backends.asic import entry
from stampmill.core.backends.asic.backend.backend import AsicBackend
from stampmill.core.backends.options import BackendOptions
from stampmill.core.chain.target import MAX_TARGET
from stampmill.core.emulator.boards.kinds import BoardOptions, build
from stampmill.core.emulator.faults.catalogue import parse
from stampmill.core.emulator.session import Session
from stampmill.core.job import Job, Nonce, Work
from stampmill.core.settings import AsicSettings
from stampmill.core.verify import Finding, verify
from stampmill.core.work import ExtranonceCounter, TicketFeed, WorkSpace
from tests.core.fakes import make_job

RATE = 1e6

_EASY = MAX_TARGET >> 14


class Rig:
    """A board that is emulated in this process, and what has come from it."""

    def __init__(self, link: Path, session: Session | Seat, backend: AsicBackend) -> None:
        self.link, self.backend = link, backend
        self.session: Any = session
        self.nonces: list[Nonce] = []
        self.good: list[Nonce] = []
        """Those that are no hardware errors."""
        self.findings: Counter[Finding] = Counter()
        self.told: list[str] = []
        self.step = 0.01
        """Seconds between two looks at what is waited for."""
        self._extranonces = ExtranonceCounter()

    def feed(self, **changes: Any) -> TicketFeed:
        job = new_job(**changes)
        return TicketFeed(WorkSpace(job, self._extranonces, time.monotonic), _EASY)

    async def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for something that nonces bring about; fail if it takes too long."""
        async with asyncio.timeout(seconds):
            while not done():  # noqa: ASYNC110  counters of the board have no events
                await asyncio.sleep(self.step)

    def counts(self) -> Counter[str]:
        """Return every counter of the board and its chips."""
        board = self.backend.telemetry().board
        assert board is not None
        counts = Counter(dict(board.line))
        for chip in board.chips:
            counts.update(dict(chip.counts))
        return counts


def new_job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "share_target": _EASY, "version_mask": 0x1FFFE000, "received_at": time.monotonic(),
    }  # fmt: skip
    return make_job(**(fields | changes))


@asynccontextmanager
async def emulated(
    folder: Path,
    kind: str = "bm1370",
    *,
    chips: int | None = None,
    faults: tuple[str, ...] = (),
    settings: AsicSettings | None = None,
    rate: float = RATE,
    zero_bits: int | None = None,
) -> AsyncIterator[Rig]:
    """Yield a rig whose backend is not open yet."""
    link = folder / "board"
    options = BoardOptions(kind, chips, rate, zero_bits, faults=parse(faults), seed=7)
    session = Session(build(options), link)
    session.open()
    told: list[str] = []
    asic = settings or AsicSettings()
    backend = entry.create(BackendOptions(port=str(link), asic=asic, tell=told.append))
    assert isinstance(backend, AsicBackend)
    rig = Rig(link, session, backend)
    rig.told = told
    try:
        yield rig
    finally:
        await backend.close()
        session.close()


@asynccontextmanager
async def mining(folder: Path, kind: str = "bm1370", **options: Any) -> AsyncIterator[Rig]:
    """Yield a rig that mines."""
    async with emulated(folder, kind, **options) as rig, _at_work(rig):
        yield rig


@asynccontextmanager
async def mining_virtually(kind: str) -> AsyncIterator[Rig]:
    """Yield a rig that mines on cables in memory; belongs to an event loop in virtual time."""
    place = seat(
        BoardOptions(kind, rate=2.0**14, zero_bits=8, seed=7), "board", Plan(0.0, tick=0.2)
    )
    rig = Rig(Path("board"), place, place.backend)
    rig.step = 0.2
    try:
        async with _at_work(rig):
            yield rig
    finally:
        await place.close()


@asynccontextmanager
async def _at_work(rig: Rig) -> AsyncIterator[None]:
    await rig.backend.open()
    reader = asyncio.create_task(_read(rig))
    rig.backend.replace(rig.feed())
    try:
        yield
    finally:
        await rig.backend.close()
        await reader


async def _read(rig: Rig) -> None:
    async for nonce in rig.backend.nonces():
        rig.nonces.append(nonce)
        finding = verify(nonce)[0]
        rig.findings[finding] += 1
        if finding is not Finding.HARDWARE_ERROR:
            rig.good.append(nonce)


def works(nonces: list[Nonce]) -> list[Work]:
    return list({id(nonce.work): nonce.work for nonce in nonces}.values())
