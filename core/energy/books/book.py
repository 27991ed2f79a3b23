"""Energy and its cost by day and device: what a run has spent, and what all have."""

from dataclasses import dataclass, field
from typing import Annotated

import msgspec

JOULES_PER_KWH = 3_600_000
KEPT_DAYS = 400
"""A year, and the month before it to compare with."""

_Amount = Annotated[float, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Account:
    """What was spent on something. `costs` is by currency, and below 0 where prices were."""

    joules: _Amount = 0.0
    hashes: _Amount = 0.0
    """A float: in a year boards compute more than 64 bits hold."""
    costs: dict[str, float] = field(default_factory=dict)
    unpriced: _Amount = 0.0
    """Joules for which no price was known."""

    def __add__(self, other: "Account") -> "Account":
        costs = dict(self.costs)
        for currency, cost in other.costs.items():
            costs[currency] = costs.get(currency, 0.0) + cost
        return Account(
            self.joules + other.joules,
            self.hashes + other.hashes,
            costs,
            self.unpriced + other.unpriced,
        )


@dataclass(slots=True)
class Book:
    """Accounts: of everything, by local day as 2025-11-24, and by device."""

    total: Account = Account()
    days: dict[str, Account] = field(default_factory=dict)
    devices: dict[str, Account] = field(default_factory=dict)

    def enter(self, day: str, device: str, spent: Account) -> None:
        """Add what was spent."""
        self.total += spent
        self.days[day] = self.day(day) + spent
        self.devices[device] = self.device(device) + spent

    def merge(self, other: "Book") -> None:
        """Add another book, and let go of the oldest days."""
        self.total += other.total
        for day, spent in other.days.items():
            self.days[day] = self.day(day) + spent
        for device, spent in other.devices.items():
            self.devices[device] = self.device(device) + spent
        for day in sorted(self.days)[:-KEPT_DAYS]:
            del self.days[day]

    def day(self, day: str) -> Account:
        """Return what a day has spent."""
        return self.days.get(day, Account())

    def device(self, device: str) -> Account:
        """Return what a device has spent."""
        return self.devices.get(device, Account())
