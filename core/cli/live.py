"""The live view of a run on a terminal, drawn by rich."""

from collections import deque
from typing import TextIO

from rich.console import Console
from rich.live import Live

from stampmill.core.cli.lines import LineView
from stampmill.core.cli.screen import screen
from stampmill.core.events import Event, Notice
from stampmill.core.snapshot import Snapshot

_EVENTS_SHOWN = 8


class LiveView:
    """A screen of tables, redrawn four times a second, above the latest events."""

    refresh_seconds = 0.25

    def __init__(self, stream: TextIO) -> None:
        self._events = _Tail()
        self._lasting: list[str] = []
        self._lines = LineView(self._events)
        self._console = Console(file=stream)
        self._size = self._console.size
        self._live = Live(console=self._console, auto_refresh=False, transient=False)

    def start(self) -> None:
        """Take over the screen."""
        self._live.start()

    def __call__(self, event: Event) -> None:
        """Add the event to the tail of the screen, or to its head if it is to last."""
        if isinstance(event, Notice) and event.lasting:
            self._lasting.append(event.text)
        else:
            self._lines(event)

    def refresh(self, shot: Snapshot) -> None:
        """Draw the snapshot."""
        self._fit()
        picture = screen(shot, self._console.width, self._lasting, self._events.lines)
        self._live.update(picture, refresh=True)

    def close(self) -> None:
        """Give the screen back, leaving the last picture."""
        self._live.stop()

    def _fit(self) -> None:
        """Begin anew on a terminal of another size, which has laid out its lines anew itself."""
        if self._console.size != self._size:
            self._size = self._console.size
            self._live.stop()
            self._console.clear()
            self._live.start()


class _Tail:
    """A text stream that keeps its last lines."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=_EVENTS_SHOWN)

    def write(self, text: str) -> int:
        self.lines.extend(line for line in text.splitlines() if line)
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered."""
