"""What a connection's parts share: how far it has come, what time it is, and what is to be told."""

from collections import Counter

from stampmill.pool.stratum.drops import Drop
from stampmill.pool.upstream.events import ClientEvent, ClientState, Dropped


class Journal:
    """Keeps the state, the clock of the call under way, the counters, and the events to return."""

    __slots__ = ("_events", "drops", "now", "state")

    def __init__(self) -> None:
        self.state = ClientState.NEW
        self.now = 0.0
        self.drops: Counter[Drop] = Counter()
        self._events: list[ClientEvent] = []

    @property
    def closed(self) -> bool:
        """Whether the connection is over."""
        return self.state is ClientState.CLOSED

    def tell(self, *events: ClientEvent) -> None:
        """Add events to those that the call under way returns."""
        self._events += events

    def drop(self, drop: Drop, text: str) -> None:
        """Count something unusable and tell of it."""
        self.drops[drop] += 1
        self._events.append(Dropped(drop, text))

    def take(self) -> list[ClientEvent]:
        """Return what was told since the last time."""
        events, self._events = self._events, []
        return events
