"""A real miner looked after by a warden, with clocks and meters that a test sets."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stampmill.core.energy.books.store import Store
from stampmill.core.energy.gauges import Folders, Gauges
from stampmill.core.energy.meters.cards import Cards
from stampmill.core.energy.plan import plan_of
from stampmill.core.energy.warden import Warden
from stampmill.core.errors import NoDeviceError
from stampmill.core.events import Event
from stampmill.core.miner import Miner
from stampmill.core.settings import EnergySettings, RuleSettings
from stampmill.core.snapshot import Snapshot
from tests.core.fakes import Clock, MemoryBackend, turn
from tests.core.running import LONG, a_source

BERLIN = ZoneInfo("Europe/Berlin")


def _no_platform() -> Any:
    raise NoDeviceError("no OpenCL platform")


@dataclass
class World:
    """Everything around a run: `monday` sets the local time of 24 November 2025, a Monday."""

    folder: Path
    energy: EnergySettings = field(default_factory=EnergySettings)
    rules: RuleSettings = field(default_factory=RuleSettings)
    names: tuple[str, ...] = ("memory",)
    told: list[tuple[str, bool]] = field(default_factory=list)
    recorded: list[dict[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.unix = 0.0
        self.monday("12:00")
        self.backends = [MemoryBackend(name) for name in self.names]
        self.miner = Miner(
            a_source(), self.backends, observer=self.events.append,
            clock=self.clock, now=lambda: self.unix,
        )  # fmt: skip
        parts = {name: self.folder / name for name in ("powercap", "supplies", "hwmon", "thermal")}
        for part in parts.values():
            part.mkdir(exist_ok=True)
        self.gauges = Gauges(Folders(**parts), Cards(_no_platform, _no_platform))
        self.store = Store(self.folder / "energy.json", lambda text: self.tell(text, True))
        self.warden = Warden(
            self.plan(), self.miner, self.store, tell=self.tell, gauges=self.gauges,
            record=lambda **fields: self.recorded.append(fields),
            clock=self.clock, now=lambda: self.unix,
        )  # fmt: skip
        self.miner.amend(self.warden.amend)

    def plan(self) -> Any:
        zone = {"time_zone": "Europe/Berlin"}
        said = {name: getattr(self.energy, name) for name in self.energy.__slots__}
        return plan_of(EnergySettings(**(said | zone)), self.rules)

    def change(self, **rules: Any) -> None:
        self.rules = RuleSettings(**rules)
        self.warden.change(self.plan())

    def tell(self, text: str, warning: bool) -> None:
        self.told.append((text, warning))

    @property
    def lines(self) -> list[str]:
        return [text for text, _ in self.told]

    def monday(self, time: str) -> None:
        self.unix = datetime.fromisoformat(f"2025-11-24T{time}").replace(tzinfo=BERLIN).timestamp()

    def write(self, path: str, text: object) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", encoding="ascii")

    def joules(self, used: int) -> None:
        """Let the CPU have used so much."""
        self.write("powercap/intel-rapl:0/energy_uj", used * 10**6)
        self.write("powercap/intel-rapl:0/max_energy_range_uj", 10**12)

    def heat(self, celsius: float) -> None:
        self.write("hwmon/hwmon0/name", "k10temp")
        self.write("hwmon/hwmon0/temp1_input", int(1000 * celsius))

    async def look(self, seconds: float = 1.0) -> Snapshot:
        """Let time pass, look, and let the miner work a little."""
        self.clock.now += seconds
        self.unix += seconds
        await self.warden.look()
        for _ in range(20):
            await turn()
        self.miner._sample()
        return self.miner.snapshot()

    def run(self, story: Callable[[], Any]) -> Snapshot:
        """Tell a story while the miner runs, from the moment that it has mined; to its end."""

        async def told() -> None:
            running = asyncio.create_task(self.miner.run(LONG))
            await self.warden.begin()
            while not running.done() and self.miner.snapshot().accepted < 5:
                self.miner._sample()
                await turn()
            await story()
            self.miner.stop()
            await running
            await self.warden.end()

        asyncio.run(told())
        return self.miner.snapshot()
