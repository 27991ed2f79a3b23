"""What every surface reads and asks: the snapshot of a run, and what may be changed about it."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from stampmill.core.errors import StampmillError
from stampmill.core.events import Observer
from stampmill.core.snapshot import Snapshot

FRESH_SECONDS = 0.2
"""A snapshot so old is good for another reader: many may ask at once."""


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
    """Several pools, as a `pool.group.source.PoolGroup` is."""

    def reorder(self, numbers: Sequence[int]) -> None:
        """Prefer these pools; raise UsageError."""

    def enable(self, number: int, *, wanted: bool) -> None:
        """Use a pool or leave it be; raise UsageError."""


class Record(Protocol):
    """Takes note of a change, as the audit log does."""

    def __call__(self, *, who: str, what: str, **fields: object) -> None:
        """Take it."""


def _nowhere(*, who: str, what: str, **fields: object) -> None:
    """Take no note."""


def _to_nobody(_observer: Observer) -> None:
    """Tell of no event."""


class Desk:
    """One run's desk. What it changes is recorded with who asked for it.

    `listen` has an observer called with every event of the run from then on.
    """

    def __init__(
        self,
        controls: Controls,
        steering: Steering | None = None,
        *,
        record: Record = _nowhere,
        listen: Callable[[Observer], None] = _to_nobody,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.listen = listen
        self._controls = controls
        self._steering = steering
        self._record = record
        self._clock = clock
        self._shot: Snapshot | None = None
        self._taken_at = 0.0

    def snapshot(self) -> Snapshot:
        """Return a snapshot that is a fraction of a second old at most."""
        now = self._clock()
        if self._shot is None or now - self._taken_at >= FRESH_SECONDS:
            self._shot, self._taken_at = self._controls.snapshot(), now
        return self._shot

    def pause(self, who: str) -> None:
        """Let all devices rest."""
        self._done(who, "pause")
        self._controls.pause(who)

    def resume(self, who: str) -> None:
        """Go on."""
        self._done(who, "resume")
        self._controls.resume()

    def quit(self, who: str) -> None:
        """End the run."""
        self._done(who, "quit")
        self._controls.stop()

    def reorder_pools(self, numbers: Sequence[int], who: str) -> None:
        """Prefer these pools in this order; raise UsageError or RefusedError."""
        self._pools().reorder(numbers)
        self._done(who, "pool order", pools=list(numbers))

    def enable_pool(self, number: int, who: str, *, wanted: bool) -> None:
        """Use a pool or leave it be; raise UsageError or RefusedError."""
        self._pools().enable(number, wanted=wanted)
        self._done(who, "enable pool" if wanted else "disable pool", pool=number)

    def enable_device(self, device: int, who: str, *, wanted: bool) -> None:
        """Let a device work or rest; raise RefusedError."""
        if not self._controls.enable(device, wanted=wanted):
            raise RefusedError("its backend has more devices, which rest together or not at all")
        self._done(who, "enable device" if wanted else "disable device", device=device)

    def _pools(self) -> Steering:
        if self._steering is None:
            raise RefusedError("there is one pool only")
        return self._steering

    def _done(self, who: str, what: str, **fields: object) -> None:
        self._record(who=who, what=what, **fields)
        self._shot = None
