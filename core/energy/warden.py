"""Looks after energy and rules while a run goes on: reads meters, keeps books, lets rules act."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from stampmill.core.energy.books.ledger import Ledger
from stampmill.core.energy.books.store import Store
from stampmill.core.energy.complaints import complaints
from stampmill.core.energy.gauges import Gauges, Wanted, wanted_by
from stampmill.core.energy.governor import Governed, Governor, Record, Tell
from stampmill.core.energy.metering import Gathered, Metering
from stampmill.core.energy.plan import Plan
from stampmill.core.energy.prices.spans import local_time
from stampmill.core.snapshot import DevicePower, EnergySnapshot, Snapshot

LOOK_SECONDS = 1.0
OPENING_SECONDS = 0.1
"""As long as there is no device: its first second counts as well."""
ROUND_SECONDS = 60.0
"""How often books are kept, and files and missing meters looked for."""


class Run(Governed, Protocol):
    """A run, as a `core.miner.Miner` is one."""

    def snapshot(self) -> Snapshot:
        """Return everything known now."""


class Warden:
    """One run's. Its plan may change while it goes on: books and what rules remember stay."""

    def __init__(
        self,
        plan: Plan,
        run: Run,
        store: Store,
        *,
        tell: Tell,
        record: Record,
        gauges: Gauges | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.plan = plan
        self._run = run
        self._store = store
        self._tell = tell
        self._gauges = gauges or Gauges()
        self._clock = clock
        self._now = now
        self._metering = Metering(plan.power)
        self._ledger = Ledger(plan.tariff, plan.currency)
        self._governor = Governor(plan, run, tell=tell, record=record)
        self._said: set[str] = set()
        self._looked_at: float | None = None
        self._next_round = 0.0
        self._has_packages = True

    def change(self, plan: Plan) -> None:
        """Go by another plan from the next look on."""
        self.plan = plan
        self._metering.power = plan.power
        self._ledger.tariff, self._ledger.currency = plan.tariff, plan.currency
        self._governor.change(plan)
        self._next_round = 0.0

    def amend(self, shot: Snapshot) -> Snapshot:
        """Fill in what is known of energy and rules."""
        return replace(shot, energy=self._energy(shot.time), policy=self._governor.picture())

    async def begin(self) -> None:
        """Read what earlier runs have spent, and say what prices there are."""
        try:
            self._ledger.kept = await asyncio.to_thread(self._store.read)
        except OSError as error:
            self._say_once(f"energy of earlier runs cannot be read: {self._store.path}: {error}")
        tariff = self.plan.tariff
        if tariff.file is not None:
            told = tariff.file.table.described(tariff.zone)
            self._tell(f"prices from {tariff.file.path}: {told}", False)

    async def attend(self) -> None:
        """Look again and again; if that breaks, let the run go on without."""
        pause = 0.0
        try:
            while True:
                await asyncio.sleep(pause)
                pause = await self.look()
        except Exception as error:
            self._tell(f"energy and rules are looked after no more: {error!r}", True)
            self._governor.release()
            raise

    async def end(self) -> None:
        """Enter what was spent last, and keep the books."""
        shot = self._run.snapshot()
        self._meter(shot, await self._gather(wanted_by(self.plan, shot.devices)))
        await self._keep()

    async def look(self) -> float:
        """Look once at everything; return after how many seconds to look again."""
        shot = self._run.snapshot()
        is_round = self._clock() >= self._next_round
        wanted = wanted_by(self.plan, shot.devices)
        # What cannot be read may be allowed meanwhile: it is asked for now and then.
        gathered = await self._gather(
            replace(wanted, packages=wanted.packages and (self._has_packages or is_round))
        )
        self._has_packages = bool(gathered.packages)
        self._meter(shot, gathered)
        price = self.plan.tariff.price(shot.time)
        local = local_time(shot.time, self.plan.tariff.zone)
        turn = self._governor.step(shot, gathered, self._clock(), local, price)
        if not shot.devices:
            return OPENING_SECONDS
        if is_round:
            await self._make_a_round(shot, gathered, wanted)
        return LOOK_SECONDS if turn is None else min(LOOK_SECONDS, turn)

    async def _gather(self, wanted: Wanted) -> Gathered:
        return await asyncio.to_thread(self._gauges.read, wanted) if wanted else Gathered()

    def _meter(self, shot: Snapshot, gathered: Gathered) -> None:
        if not self.plan.metered:
            return
        now = self._clock()
        seconds = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now

        def enter(label: str, joules: float, hashes: float) -> None:
            self._ledger.enter(label, joules, hashes, shot.time, seconds)

        self._metering.step(shot, gathered, now, enter)

    async def _make_a_round(self, shot: Snapshot, gathered: Gathered, wanted: Wanted) -> None:
        self._next_round = self._clock() + ROUND_SECONDS
        if self.plan.tariff.file is not None:
            news = await asyncio.to_thread(self.plan.tariff.file.look)
            if news is not None:
                self._tell(news.text, news.warning)
        for text in complaints(self.plan, shot, gathered, self._gauges, wanted):
            self._say_once(text)
        await self._keep()

    async def _keep(self) -> None:
        """Add to the file what is not in it yet; what fails is tried again with the next."""
        taken = self._ledger.take()
        if taken is None:
            return
        try:
            self._ledger.kept = await asyncio.to_thread(self._store.add, taken)
        except OSError as error:
            self._ledger.give_back(taken)
            reason = error.strerror or str(error)
            self._say_once(f"energy cannot be kept in {self._store.path}: {reason}; tried again")

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._tell(text, True)

    def _energy(self, unix: float) -> EnergySnapshot | None:
        ledger, plan = self._ledger, self.plan
        total = ledger.run.total
        drawn = tuple(map(self._with_energy, self._metering.drawn()))
        if not plan.metered or not (drawn or total.joules or plan.tariff.is_given):
            return None
        return EnergySnapshot(
            drawn,
            sum(each.watts for each in drawn) if drawn else None,
            total.joules,
            total.joules / total.hashes if total.hashes else None,
            plan.tariff.price(unix),
            ledger.cost(total),
            plan.currency,
            total.unpriced,
            ledger.day(unix),
            ledger.ever(),
        )

    def _with_energy(self, power: DevicePower) -> DevicePower:
        spent = self._ledger.run.device(power.device)
        per_hash = spent.joules / spent.hashes if spent.hashes else None
        return replace(power, joules=spent.joules, joules_per_hash=per_hash)


@asynccontextmanager
async def attending(warden: Warden) -> AsyncIterator[None]:
    """Look after energy and rules while inside."""
    await warden.begin()
    task = asyncio.create_task(warden.attend())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await warden.end()
