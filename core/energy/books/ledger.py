"""Books what is spent at the price of its time; what is booked and not yet kept can be taken."""

from stampmill.core.energy.books.book import JOULES_PER_KWH, Account, Book
from stampmill.core.energy.prices.spans import local_time
from stampmill.core.energy.prices.tariff import Tariff
from stampmill.core.snapshot import EnergyTotal


class Ledger:
    """The books of a run, and of all runs as far as they were read. Times count from 1970."""

    def __init__(self, tariff: Tariff, currency: str = "", kept: Book | None = None) -> None:
        self.tariff = tariff
        self.currency = currency
        self.run = Book()
        self.kept = kept or Book()
        """What the file held last."""
        self._pending = Book()

    def enter(self, device: str, joules: float, hashes: float, unix: float, seconds: float) -> None:
        """Book what a device spent in the seconds before a time."""
        price = self.tariff.price(unix - seconds / 2)
        costs = {} if price is None else {self.currency: price * joules / JOULES_PER_KWH}
        spent = Account(joules, hashes, costs, joules if price is None else 0.0)
        day = self.day_of(unix)
        self.run.enter(day, device, spent)
        self._pending.enter(day, device, spent)

    def take(self) -> Book | None:
        """Return what is not kept yet, to be kept now; None: nothing."""
        if not self._pending.total.joules:
            return None
        taken, self._pending = self._pending, Book()
        return taken

    def give_back(self, taken: Book) -> None:
        """Undo `take`: it could not be kept."""
        self._pending.merge(taken)

    def day(self, unix: float) -> EnergyTotal:
        """Return what the local day of a time has spent so far, in all runs."""
        day = self.day_of(unix)
        return self._total(self.kept.day(day) + self._pending.day(day))

    def ever(self) -> EnergyTotal:
        """Return what all runs have spent."""
        return self._total(self.kept.total + self._pending.total)

    def cost(self, account: Account) -> float | None:
        """Return what was spent in the currency of now; None: nothing had a price."""
        return account.costs.get(self.currency)

    def day_of(self, unix: float) -> str:
        """Return the local day of a time."""
        return local_time(unix, self.tariff.zone).date().isoformat()

    def _total(self, account: Account) -> EnergyTotal:
        return EnergyTotal(account.joules, self.cost(account))
