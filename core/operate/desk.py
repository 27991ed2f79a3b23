"""What every surface reads and asks: the snapshot of a run, and what may be changed about it."""

import time
from collections.abc import Callable, Sequence

from stampmill.core.events import Observer
from stampmill.core.operate.controls import Controls, Record, RefusedError, Steering, Tuning
from stampmill.core.settings import PoolSettings
from stampmill.core.snapshot import Snapshot

FRESH_SECONDS = 0.25
"""A snapshot so old is good for another reader: many may ask at once, or ten times a second."""


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
        tuning: Tuning | None = None,
        *,
        record: Record = _nowhere,
        listen: Callable[[Observer], None] = _to_nobody,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.listen = listen
        self._controls = controls
        self._steering = steering
        self._tuning = tuning
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

    def add_pool(self, pool: PoolSettings, who: str) -> int:
        """Take one more pool and return its number; raise UsageError or RefusedError."""
        number = self._pools().add(pool)
        self._shot = None
        self._done(who, "add pool", pool=number, url=self.snapshot().pools[number].status.url)
        return number

    def remove_pool(self, number: int, who: str) -> None:
        """Leave a pool for good; raise UsageError or RefusedError."""
        url = next((p.status.url for p in self.snapshot().pools if p.status.number == number), "")
        self._pools().remove(number)
        self._done(who, "remove pool", pool=number, url=url)

    def set_quota(self, number: int, quota: int, who: str) -> None:
        """Give a pool another part of the work; raise UsageError or RefusedError."""
        self._pools().set_quota(number, quota)
        self._done(who, "pool quota", pool=number, quota=quota)

    def wish(self, number: int, suggest: float | None, minimum: float | None, who: str) -> None:
        """Ask a pool for another difficulty; raise UsageError or RefusedError."""
        self._pools().wish(number, suggest, minimum)
        self._done(who, "pool difficulty", pool=number, suggest=suggest, minimum=minimum)

    def reload_pools(
        self, old: Sequence[PoolSettings], new: Sequence[PoolSettings], who: str
    ) -> tuple[list[str], list[str]]:
        """Go to other pools; return what was done and what is to wait. Raise UsageError.

        Raise RefusedError where the pools of the run are not the user's.
        """
        done, waiting = self._pools().reload(old, new)
        if done:
            self._done(who, "pools", changes=done)
        return done, waiting

    def set_threads(self, threads: int | None, who: str, device: int | None = None) -> None:
        """Let so many threads scan; raise UsageError or RefusedError."""
        self._tuned().set_threads(threads, device)
        self._done(who, "threads", threads=threads, device=device)

    def set_intensity(self, intensity: str | None, who: str, device: int | None = None) -> None:
        """Let launches of OpenCL devices take so long; raise UsageError or RefusedError."""
        self._tuned().set_intensity(intensity, device)
        self._done(who, "intensity", intensity=intensity, device=device)

    def enable_device(self, device: int, who: str, *, wanted: bool) -> None:
        """Let a device work or rest; raise RefusedError."""
        count = len(self.snapshot().devices)
        if not 0 <= device < count:
            raise RefusedError(f"there is no device {device}: they are 0 to {count - 1}")
        if not self._controls.enable(device, wanted=wanted):
            raise RefusedError("its backend has more devices, which rest together or not at all")
        self._done(who, "enable device" if wanted else "disable device", device=device)

    def _pools(self) -> Steering:
        if self._steering is None:
            raise RefusedError("this run has no pools of yours")
        return self._steering

    def _tuned(self) -> Tuning:
        if self._tuning is None:
            raise RefusedError("the devices of this run cannot be set otherwise")
        return self._tuning

    def _done(self, who: str, what: str, **fields: object) -> None:
        self._record(who=who, what=what, **fields)
        self._shot = None
