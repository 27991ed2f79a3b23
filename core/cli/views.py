"""The choice of view: live on a terminal where rich is installed, else one line per event."""

import sys
from typing import Protocol

from stampmill.core.cli.json_lines import JsonView
from stampmill.core.cli.lines import LineView
from stampmill.core.events import Event
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


def choose_view(*, quiet: bool, lines: bool, log_json: bool = False) -> View:
    """Return the view for programs, or the live view where it can be drawn, or the line view."""
    if log_json:
        return JsonView(sys.stderr, quiet=quiet)
    if quiet or lines or not sys.stderr.isatty():
        return LineView(sys.stderr, quiet=quiet)
    try:
        # rich is an extra, and a run without a terminal need not pay for its import.
        from stampmill.core.cli.live import LiveView  # noqa: PLC0415
    except ImportError:
        return LineView(sys.stderr)
    return LiveView(sys.stderr)
