"""SIGHUP: the configuration is read again, what can be changed is, and the rest is named."""

from collections.abc import Callable, Mapping

from stampmill.core.errors import StampmillError
from stampmill.core.operate.changes import changes
from stampmill.core.operate.controls import RefusedError
from stampmill.core.operate.desk import Desk
from stampmill.core.settings import MineSettings

WHO = "SIGHUP"

Tell = Callable[[str, bool], None]
"""Takes a line for people, and whether it is a warning."""
Record = Callable[..., None]
"""Takes note of what was applied, what waits for the next start, and what was wrong."""
Apply = Callable[[MineSettings], None]
"""Lets what the settings say of one thing hold from now on; raises StampmillError."""


class Reloader:
    """Reads the configuration again when called. Wrong settings change nothing.

    `apply` are the settings that can change while a run goes on, by their names as
    `operate.changes` has them; pools are among them anyway.
    """

    def __init__(
        self, settings: MineSettings, read: Callable[[], MineSettings], desk: Desk,
        *, tell: Tell, record: Record, apply: Mapping[str, Apply] | None = None,
    ) -> None:  # fmt: skip
        self._first = settings
        self._now = settings
        self._read = read
        self._desk = desk
        self._tell = tell
        self._record = record
        self._apply = {
            "threads": lambda new: desk.set_threads(new.threads, WHO),
            "intensity": lambda new: desk.set_intensity(new.intensity, WHO),
        } | dict(apply or {})

    def __call__(self) -> None:
        """Read, apply, tell, record."""
        try:
            new = self._read()
            applied, waiting = self._reload_pools(new)
        except StampmillError as error:
            self._record(applied=[], later=[], error=str(error))
            self._tell(f"configuration not reloaded: {error}", True)
            return
        self._report(applied + self._change(new, waiting), waiting + self._later(new))
        self._now = new

    def _reload_pools(self, new: MineSettings) -> tuple[list[str], list[str]]:
        """Let the pools be those of the file, if they were the user's before."""
        if new.pools == self._now.pools:
            return [], []
        try:
            return self._desk.reload_pools(self._now.pools, new.pools, WHO)
        except RefusedError as error:
            return [], [f"pools: {error}"]

    def _change(self, new: MineSettings, waiting: list[str]) -> list[str]:
        """Apply what differs from what the file said before; return what was done."""
        done = []
        for change in changes(self._now, new):
            if change.name in self._apply:
                try:
                    self._apply[change.name](new)
                except StampmillError as error:
                    waiting.append(f"{change} ({error})")
                else:
                    done.append(str(change))
        return done

    def _later(self, new: MineSettings) -> list[str]:
        """Return all that differs from what the run began with and cannot be changed in it."""
        return [
            str(change) for change in changes(self._first, new) if change.name not in self._apply
        ]

    def _report(self, applied: list[str], later: list[str]) -> None:
        self._record(applied=applied, later=later)
        parts = ["; ".join(applied)] if applied else []
        parts += [f"from the next start on: {'; '.join(later)}"] if later else []
        self._tell(f"configuration reloaded: {'; '.join(parts) or 'nothing changed'}", bool(later))
