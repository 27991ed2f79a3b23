"""What a board has that a user sees: its ports, what to tell about it, and what it counts."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stampmill.core.emulator.emulation import Emulation
from stampmill.core.emulator.faults.catalogue import Name
from stampmill.core.emulator.faults.chips import ChipFaults


@dataclass(slots=True)
class Port:
    """One port of a board; `suffix` is what its name has behind that of the first."""

    emulation: Emulation
    suffix: str = ""


@dataclass(slots=True)
class Board:
    """An emulated board.

    `facts` go into the file beside its link, `about` is a line for people. `on_unplugged` is what
    losing USB does to it, `strike` lets a stall or a brown-out happen at a time.
    """

    kind: str
    ports: tuple[Port, ...]
    facts: Mapping[str, object]
    about: str
    injected: Counter[str] = field(default_factory=Counter)
    faults: ChipFaults | None = None
    unplug_every: float | None = None
    on_unplugged: Callable[[float], None] = lambda _now: None
    strike: Callable[[Name, float], None] = lambda _name, _now: None

    def poll(self, now: float, bauds: Mapping[str, float]) -> dict[str, list[bytes]]:
        """Work until now; return, by suffix, what the host can read at each port."""
        return {p.suffix: p.emulation.poll(now, bauds[p.suffix]) for p in self.ports}

    @property
    def next_at(self) -> float | None:
        """When something happens that is known already."""
        times = [at for port in self.ports if (at := port.emulation.next_at) is not None]
        return min(times, default=None)

    def counters(self) -> dict[str, float]:
        """Return the counts of the first port with its line, of the others' devices, of faults."""
        counts = self.ports[0].emulation.counters()
        for port in self.ports[1:]:
            counts |= port.emulation.device.counters()
        return counts | {f"fault {name}": n for name, n in self.injected.items() if n}
