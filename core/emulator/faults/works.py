"""Faults of a device that takes works and has no frames: what it misses, keeps, or gets wrong."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from stampmill.core.backends.asic.wire.icarus import GOLDEN_WORK
from stampmill.core.emulator.faults.catalogue import Faults, Name

NAMES = frozenset(
    (Name.LOST_REQUEST, Name.STALL, Name.BROWN_OUT, Name.DUPLICATE, Name.STALE,
     Name.HARDWARE_ERROR)
)  # fmt: skip
"""What such a device can have, beside what is wrong with its line."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A nonce as it is sent; `is_right` if it solves its work."""

    nonce: bytes
    is_right: bool = True


class WorkFaults:
    """Nothing happens that is not counted. A stalled device is woken by the golden work."""

    def __init__(self, faults: Faults, random: Random, counted: Counter[str]) -> None:
        self.withheld = 0
        """Nonces that were found and never sent as they are."""
        self._values = faults.values
        self._random = random
        self._counted = counted
        self._stalled = False
        self._held: list[Reported] = []
        self._next: dict[Name, float] | None = None

    def tick(self, now: float, lose_power: Callable[[], None]) -> None:
        """Let happen what is due by the clock, which begins with the first call."""
        timed = (Name.STALL, Name.BROWN_OUT)
        if self._next is None:
            self._next = {n: now + self._values[n] for n in timed if n in self._values}
        for name, at in self._next.items():
            if now >= at:
                self._next[name] = now + max(self._values[name], 0.1)
                self.strike(name, lose_power)

    def strike(self, name: Name, lose_power: Callable[[], None]) -> None:
        """Let a stall or a brown-out happen now."""
        self._counted[name.value] += 1
        self._stalled = name is Name.STALL
        if name is Name.BROWN_OUT:
            lose_power()

    def loses(self, work: bytes) -> bool:
        """Lose one work in so many."""
        if work == GOLDEN_WORK:
            self._stalled = False
        return self._happens(Name.LOST_REQUEST)

    def new_work(self) -> list[Reported]:
        """Return what was held back, now that its work is over."""
        held, self._held = self._held, []
        self.withheld -= len(held)
        return held

    def nonces(self, nonce: bytes) -> list[Reported]:
        """Repeat, hold back or falsify a nonce."""
        reported = Reported(nonce)
        if self._stalled:
            self.withheld += 1
            return []
        if self._happens(Name.STALE):
            self.withheld += 1
            self._held.append(reported)
            return []
        if self._happens(Name.HARDWARE_ERROR):
            self.withheld += 1
            flipped = int.from_bytes(nonce, "big") ^ 1 << self._random.randrange(32)
            return [Reported(flipped.to_bytes(4, "big"), is_right=False)]
        return [reported] * (1 + self._happens(Name.DUPLICATE))

    def _happens(self, name: Name) -> bool:
        one_in = self._values.get(name)
        happens = one_in is not None and self._random.random() * max(one_in, 1) < 1
        self._counted[name.value] += happens
        return happens
