"""What looks after energy and rules while a run goes on."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields

from stampmill.core.energy.books.store import Store, energy_file
from stampmill.core.energy.governor import Record, Tell
from stampmill.core.energy.plan import Plan, plan_of
from stampmill.core.energy.warden import Warden, attending
from stampmill.core.miner import Miner
from stampmill.core.settings import EnergySettings, MineSettings, RuleSettings


class EnergyWatch:
    """A run's energy and rules: its snapshots tell of them, and their settings may change in it.

    `tell` takes lines for people, `record` takes note of what the rules decide.
    """

    def __init__(
        self, plan: Plan, settings: MineSettings, miner: Miner, *, tell: Tell, record: Record
    ) -> None:
        store = Store(energy_file(), lambda text: tell(text, True))
        self._said = settings.energy, settings.rules
        self._warden = Warden(plan, miner, store, tell=tell, record=record)
        miner.amend(self._warden.amend)

    @asynccontextmanager
    async def attended(self) -> AsyncIterator[None]:
        """Meter, and let the rules act, while inside."""
        async with attending(self._warden):
            yield

    def change(self, new: MineSettings) -> None:
        """Let these settings hold from now on; raise UsageError."""
        said = new.energy, new.rules
        if said != self._said:
            self._warden.change(plan_of(*said))
            self._said = said

    def changes(self) -> Mapping[str, Callable[[MineSettings], None]]:
        """Return, by the names of settings, what lets them hold."""
        kinds = (("energy", EnergySettings), ("rules", RuleSettings))
        return {
            f"{part}.{field.name}".replace("_", "-"): self.change
            for part, kind in kinds
            for field in fields(kind)
        }
