"""SIGHUP: the configuration is read again, what can be changed is, and the rest is named."""

from collections.abc import Callable

from stampmill.core.errors import StampmillError
from stampmill.core.operate.changes import Change, changes, new_order
from stampmill.core.operate.desk import Desk
from stampmill.core.settings import MineSettings

WHO = "SIGHUP"

Tell = Callable[[str, bool], None]
"""Takes a line for people, and whether it is a warning."""
Record = Callable[..., None]
"""Takes note of what was applied, what waits for the next start, and what was wrong."""


class Reloader:
    """Reads the configuration again when called. Wrong settings change nothing."""

    def __init__(
        self, settings: MineSettings, read: Callable[[], MineSettings], desk: Desk,
        *, tell: Tell, record: Record,
    ) -> None:  # fmt: skip
        self._first = settings
        self._pools = settings.pools
        self._read = read
        self._desk = desk
        self._tell = tell
        self._record = record

    def __call__(self) -> None:
        """Read, apply, tell, record."""
        try:
            new = self._read()
            ordered = self._reorder(new)
        except StampmillError as error:
            self._record(applied=[], later=[], error=str(error))
            self._tell(f"configuration not reloaded: {error}", True)
            return
        self._report(["pool order"] if ordered else [], changes(self._first, new))

    def _reorder(self, new: MineSettings) -> bool:
        """Prefer the pools as they stand now, if they are those that the run began with."""
        unchanged = list(range(len(new.pools))) if new.pools == self._first.pools else None
        order = new_order(self._first, new) or unchanged
        if order is None or new.pools == self._pools:
            return False
        self._desk.reorder_pools(order, WHO)
        self._pools = new.pools
        return True

    def _report(self, applied: list[str], waiting: list[Change]) -> None:
        later = [str(change) for change in waiting]
        self._record(applied=applied, later=later)
        parts = [f"{', '.join(applied)} changed"] if applied else []
        parts += [f"from the next start on: {'; '.join(later)}"] if later else []
        self._tell(f"configuration reloaded: {'; '.join(parts) or 'nothing changed'}", bool(later))
