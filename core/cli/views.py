"""The choice of view: live on a terminal where rich is installed, else one line per event."""

import sys
from typing import Protocol

from stampmill.core.cli.lines import LineView
from stampmill.core.events import Event, Notice, Observer
from stampmill.core.snapshot import Snapshot


class View(Protocol):
    """Something that shows a run."""

    @property
    def refresh_seconds(self) -> float:
        """How often it wants a snapshot."""

    def start(self) -> None:
        """Take over the screen, if it needs one."""

    def __call__(self, event: Event) -> None:
        """Show an event."""

    def refresh(self, shot: Snapshot) -> None:
        """Show a snapshot."""

    def close(self) -> None:
        """Give the screen back."""


class SharedView:
    """A view whose events others may have as well: those that listen, after the view itself."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._listeners: list[Observer] = []
        self._lasting: list[Event] = []
        self.start = view.start
        self.refresh = view.refresh
        self.close = view.close

    @property
    def refresh_seconds(self) -> float:
        """How often the view wants a snapshot."""
        return self._view.refresh_seconds

    def __call__(self, event: Event) -> None:
        """Show an event, and pass it on."""
        self._view(event)
        if isinstance(event, Notice) and event.lasting:
            self._lasting.append(event)
        for listener in self._listeners:
            listener(event)

    def listen(self, observer: Observer) -> None:
        """Have an observer called with every event from now on, and with lasting notices so far."""
        for event in self._lasting:
            observer(event)
        self._listeners.append(observer)


def choose_view(*, quiet: bool, lines: bool, log_json: bool = False) -> View:
    """Return the view for programs, or the live view where it can be drawn, or the line view."""
    if log_json:
        from stampmill.core.cli.json_lines import JsonView  # noqa: PLC0415  the others go without

        return JsonView(sys.stderr, quiet=quiet)
    if quiet or lines or not sys.stderr.isatty():
        return LineView(sys.stderr, quiet=quiet)
    try:
        # rich is an extra, and a run without a terminal need not pay for its import.
        from stampmill.core.cli.live import LiveView  # noqa: PLC0415
    except ImportError:
        return LineView(sys.stderr)
    return LiveView(sys.stderr)
