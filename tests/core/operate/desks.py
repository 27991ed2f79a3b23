"""A desk over a run that stands still, and notes what it is told."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stampmill.core.errors import UsageError
from stampmill.core.operate.controls import RefusedError
from stampmill.core.operate.desk import Desk
from stampmill.core.settings import PoolSettings
from stampmill.core.snapshot import Snapshot
from tests.core.snapshots import snapshot


class StillRun:
    """Controls and steering whose snapshot a test sets."""

    def __init__(self, shot: Snapshot) -> None:
        self.shot = shot
        self.told: list[Any] = []
        self.taken = 0
        self.nodes_differ = False

    def snapshot(self) -> Snapshot:
        self.taken += 1
        return self.shot

    def pause(self, who: str) -> None:
        self.told.append(("pause", who))

    def resume(self) -> None:
        self.told.append("resume")

    def stop(self) -> None:
        self.told.append("stop")

    def reorder(self, numbers: Sequence[int]) -> None:
        if len(numbers) > 2:
            raise UsageError("there is no order")
        self.told.append(("reorder", *numbers))

    def enable(self, number: int, *, wanted: bool) -> bool:
        self.told.append(("enable", number, wanted))
        return number == 0

    def add(self, pool: PoolSettings) -> int:
        self.told.append(("add", pool))
        standing = self.shot.pools[0]
        status = replace(standing.status, url=pool.url, number=len(self.shot.pools))
        self.shot = replace(self.shot, pools=(*self.shot.pools, replace(standing, status=status)))
        return status.number

    def remove(self, number: int) -> None:
        self.told.append(("remove", number))

    def set_quota(self, number: int, quota: int) -> None:
        if quota < 1:
            raise UsageError(f"quota: {quota} is not 1 or more")
        self.told.append(("quota", number, quota))

    def wish(self, number: int, suggest: float | None, minimum: float | None) -> None:
        self.told.append(("wish", number, suggest, minimum))

    def reload(
        self, old: Sequence[PoolSettings], new: Sequence[PoolSettings]
    ) -> tuple[list[str], list[str]]:
        self.told.append(("pools", *(pool.url for pool in new)))
        return (["pool order"] if len(new) > 1 else []), ["nodes changed"] * self.nodes_differ

    def set_threads(self, threads: int | None, device: int | None = None) -> None:
        if device == 1:
            raise RefusedError("threads can be set of backends that work on the CPU only")
        self.told.append(("threads", threads, device))

    def set_intensity(self, intensity: str | None, device: int | None = None) -> None:
        self.told.append(("intensity", intensity, device))


class Rig:
    """The desk, its run, and what was recorded."""

    def __init__(self, **changed: Any) -> None:
        self.run = StillRun(snapshot(**changed))
        self.recorded: list[dict[str, object]] = []
        self.now = 100.0
        self.desk = Desk(
            self.run,
            self.run,
            self.run,
            record=lambda **fields: self.recorded.append(fields),
            clock=lambda: self.now,
        )
