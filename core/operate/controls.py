"""What a desk asks of a run to be changed: the run itself, its pools, and its devices' settings."""

from collections.abc import Sequence
from typing import Protocol

from stampmill.core.errors import StampmillError
from stampmill.core.settings import PoolSettings
from stampmill.core.snapshot import Snapshot


class RefusedError(StampmillError):
    """Something asked for cannot be done here: what, and why."""


class Controls(Protocol):
    """A run, as a `core.miner.Miner` is one."""

    def snapshot(self) -> Snapshot:
        """Return everything known now."""

    def pause(self, who: str) -> None:
        """Let all devices rest."""

    def resume(self) -> None:
        """Go on."""

    def stop(self) -> None:
        """End the run."""

    def enable(self, device: int, *, wanted: bool) -> bool:
        """Let a device work or rest; tell whether that can be done, raise IndexError for none."""


class Steering(Protocol):
    """The pools of a run, by their numbers. All raise UsageError for what makes no sense."""

    def reorder(self, numbers: Sequence[int]) -> None:
        """Prefer these pools."""

    def enable(self, number: int, *, wanted: bool) -> None:
        """Use a pool or leave it be."""

    def add(self, pool: PoolSettings) -> int:
        """Take one more pool, behind all others, and return its number."""

    def remove(self, number: int) -> None:
        """Leave a pool for good."""

    def set_quota(self, number: int, quota: int) -> None:
        """Give a pool another part of the work."""

    def wish(self, number: int, suggest: float | None, minimum: float | None) -> None:
        """Ask a pool for another difficulty, and never less than a minimum; None: no wish."""

    def reload(
        self, old: Sequence[PoolSettings], new: Sequence[PoolSettings]
    ) -> tuple[list[str], list[str]]:
        """Go from one configuration's pools to another's.

        Return what was done, and what waits for the next start, each as a line.
        """


class Tuning(Protocol):
    """How hard the devices of a run work. What is asked for takes hold in a moment.

    Without a device it is asked of all that it can be asked of. Raise UsageError for a value that
    is none, RefusedError where there is nothing of the kind.
    """

    def set_threads(self, threads: int | None, device: int | None = None) -> None:
        """Let so many threads scan; None: one for each usable CPU."""

    def set_intensity(self, intensity: str | None, device: int | None = None) -> None:
        """Let launches take so long: milliseconds, or a preset's name; None: as tuned."""


class Record(Protocol):
    """Takes note of a change, as the audit log does."""

    def __call__(self, *, who: str, what: str, **fields: object) -> None:
        """Take it."""
