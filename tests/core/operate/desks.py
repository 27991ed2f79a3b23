"""A desk over a run that stands still, and notes what it is told."""

from collections.abc import Sequence
from typing import Any

from stampmill.core.errors import UsageError
from stampmill.core.operate.desk import Desk
from stampmill.core.snapshot import Snapshot
from tests.core.snapshots import snapshot


class StillRun:
    """Controls and steering whose snapshot a test sets."""

    def __init__(self, shot: Snapshot) -> None:
        self.shot = shot
        self.told: list[Any] = []
        self.taken = 0

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


class Rig:
    """The desk, its run, and what was recorded."""

    def __init__(self, **changed: Any) -> None:
        self.run = StillRun(snapshot(**changed))
        self.recorded: list[dict[str, object]] = []
        self.now = 100.0
        self.desk = Desk(
            self.run,
            self.run,
            record=lambda **fields: self.recorded.append(fields),
            clock=lambda: self.now,
        )
