"""The live view of a run on a terminal, drawn by rich."""

from collections import deque
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stampmill.core.cli import report
from stampmill.core.cli.energy_lines import energy_line, rules_line
from stampmill.core.cli.lines import LineView
from stampmill.core.events import Event, Notice
from stampmill.core.job_source import SourceStatus
from stampmill.core.snapshot import Rates, Snapshot

_EVENTS_SHOWN = 8
_ALERTS_SHOWN = 4


class LiveView:
    """A screen of tables, redrawn four times a second, above the latest events."""

    refresh_seconds = 0.25

    def __init__(self, stream: TextIO) -> None:
        self._events = _Tail()
        self._lasting: list[str] = []
        self._lines = LineView(self._events)
        console = Console(file=stream)
        self._live = Live(console=console, auto_refresh=False, transient=False)

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
        head = Text("\n".join(self._lasting), style="bold yellow", end="\n" * bool(self._lasting))
        tail = Text("\n".join(self._events.lines), style="dim", overflow="ellipsis", no_wrap=True)
        self._live.update(
            Group(head, _alerts(shot), _devices(shot), _facts(shot), tail), refresh=True
        )

    def close(self) -> None:
        """Give the screen back, leaving the last picture."""
        self._live.stop()


class _Tail:
    """A text stream that keeps its last lines."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=_EVENTS_SHOWN)

    def write(self, text: str) -> int:
        self.lines.extend(line for line in text.splitlines() if line)
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered."""


def _alerts(shot: Snapshot) -> Text:
    """Return a line for each alert that stands, of many only so many."""
    lines = [f"ALERT {one.kind.value}, {one.subject}: {one.text}" for one in shot.alerts]
    if len(lines) > _ALERTS_SHOWN:
        more = len(lines) - _ALERTS_SHOWN + 1
        lines = [*lines[: _ALERTS_SHOWN - 1], f"ALERT and {more} more"]
    return Text("\n".join(lines), style="bold red", overflow="ellipsis", no_wrap=True,
                end="\n" * bool(lines))  # fmt: skip


def _devices(shot: Snapshot) -> Table:
    table = Table(title=_title(shot.source), title_justify="left")
    table.add_column("device")
    for window in ("5 s", "1 min", "15 min", "average"):
        table.add_column(window, justify="right")
    for device in shot.devices:
        table.add_row(f"{device.backend} {device.name}", *_rate_cells(device.rates))
    table.add_section()
    table.add_row("total", *_rate_cells(shot.rates), style="bold")
    return table


def _title(source: SourceStatus) -> str:
    if not source.url:
        return source.name
    user = f" as {source.user}" if source.user else ""
    return f"{source.url}{user}: {source.state.value}"


def _rate_cells(rates: Rates) -> tuple[str, ...]:
    values = rates.seconds_5, rates.minute_1, rates.minutes_15, rates.average
    return tuple(report.hashrate(value) for value in values)


def _facts(shot: Snapshot) -> Table:
    table = Table.grid(padding=(0, 2))
    for label, value in _rows(shot):
        table.add_row(Text(label, style="cyan"), value)
    return table


def _rows(shot: Snapshot) -> list[tuple[str, str]]:
    expected = shot.expected_share_seconds
    job = shot.job_id if shot.job_id is not None else "none"
    job += f", paused by {shot.paused}" if shot.paused else ""
    difficulty = report.difficulty(shot.job_difficulty) if shot.job_difficulty else "-"
    more = [("energy", energy_line(shot)), ("rules", rules_line(shot))]
    return [
        ("job", f"{job}  difficulty {difficulty}  kernel {shot.kernel}"),
        ("next share", f"about {report.duration(expected)}" if expected else "-"),
        ("shares", f"{shot.accepted} accepted  {shot.rejected} rejected  {shot.stale} stale  "
                   f"{shot.lost} lost  {shot.hardware_errors} hardware errors"),
        ("best share", report.difficulty(shot.best_difficulty)),
        ("latency", f"pool {report.milliseconds(shot.pool_answer)}  "
                    f"job switch {report.milliseconds(shot.job_switch)}"),
        *((label, line) for label, line in more if line),
    ]  # fmt: skip
