"""The plain view of a run: one line per event, on standard error."""

import sys
import time
from collections.abc import Callable
from typing import Protocol

from stampmill.core.cli import report
from stampmill.core.events import Event, HardwareError, JobArrived, Notice, ShareAnswered
from stampmill.core.job import Verdict
from stampmill.core.snapshot import Snapshot

RATE_EVERY_SECONDS = 10.0


class Writer(Protocol):
    """What lines are written to."""

    def write(self, text: str, /) -> object:
        """Take text."""

    def flush(self) -> object:
        """Show it now."""


class LineView:
    """Prints events as they come, and the rate now and then. `quiet` leaves only what is wrong."""

    refresh_seconds = 1.0

    def __init__(
        self,
        stream: Writer = sys.stderr,
        *,
        quiet: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stream = stream
        self._quiet = quiet
        self._now = now
        self._accepted = self._answered = 0
        self._next_rate = RATE_EVERY_SECONDS

    def start(self) -> None:
        """Nothing to prepare."""

    def __call__(self, event: Event) -> None:
        """Print the event."""
        match event:
            case Notice(text=text, warning=warning, about=about):
                kind = "warning" if warning and about != "alert" else about
                self._line(kind, text, important=warning)
            case JobArrived(job):
                kind = "clean" if job.clean else "update"
                self._line(
                    "job", f"{job.id} {kind}, difficulty {report.difficulty(job.difficulty)}"
                )
            case ShareAnswered():
                self._share(event)
            case HardwareError(nonce):
                text = f"hardware error: nonce {nonce.nonce:08x} misses the target"
                self._line(nonce.device, text, important=True)

    def refresh(self, shot: Snapshot) -> None:
        """Print the rate if it is time to."""
        if shot.seconds < self._next_rate:
            return
        self._next_rate = shot.seconds - shot.seconds % RATE_EVERY_SECONDS + RATE_EVERY_SECONDS
        expected = shot.expected_share_seconds
        wait = f", next share in about {report.duration(expected)}" if expected else ""
        alerts = "".join(f", ALERT {kind}" for kind in report.kinds_of(shot.alerts))
        self._line("rate", f"{report.hashrate(shot.rates.seconds_5)}{wait}{alerts}")

    def close(self) -> None:
        """Nothing to restore."""

    def _share(self, event: ShareAnswered) -> None:
        share, result = event.share, event.result
        accepted = result.verdict is Verdict.ACCEPTED
        self._answered += 1
        self._accepted += accepted
        parts = [
            f"{result.verdict.value} {self._accepted}/{self._answered}",
            f"difficulty {report.difficulty(share.difficulty)}"
            f" of {report.difficulty(share.job.difficulty)}",
            share.nonce.device,
        ]
        if result.latency is not None:
            parts.append(f"{result.latency * 1000:.1f} ms")
        if share.solves_block:
            parts.append("BLOCK")
        if result.text and not accepted:
            parts.append(result.text)
        self._line("share", ", ".join(parts), important=not accepted)

    def _line(self, kind: str, text: str, *, important: bool = False) -> None:
        if self._quiet and not important:
            return
        clock = time.strftime("%H:%M:%S", time.localtime(self._now()))
        print(f"{clock} {kind:<8} {text}", file=self._stream, flush=True)
