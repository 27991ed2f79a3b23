"""The view for programs: each event one JSON object a line, on standard error."""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from stampmill.core.cli.lines import RATE_EVERY_SECONDS, Writer
from stampmill.core.events import Event, HardwareError, JobArrived, Notice, ShareAnswered
from stampmill.core.job import Share, ShareSink, Verdict
from stampmill.core.snapshot import Snapshot


class JsonView:
    """Prints events as they come, and the rate now and then. `quiet` leaves only what is wrong.

    Keys are fixed: ts, level, event, and those of pool, job, device, difficulty, latency_ms,
    reason and text that the event has; a rate has hashes_per_second, an alert kind, subject and
    state (raised or cleared).
    """

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
        self._shot: Snapshot | None = None
        self._next_rate = RATE_EVERY_SECONDS

    def start(self) -> None:
        """Nothing to prepare."""

    def __call__(self, event: Event) -> None:
        """Print the event."""
        match event:
            case Notice(text=text, warning=warning, about=about, facts=facts):
                self._line("warning" if warning else "info", about, **dict(facts), text=text)
            case JobArrived(job):
                pool = self._pool(job.sink)
                self._line("info", "job", pool=pool, job=job.id, difficulty=job.difficulty)
            case ShareAnswered():
                self._share(event)
            case HardwareError(nonce):
                job, text = nonce.work.job, f"nonce {nonce.nonce:08x} misses the target"
                self._line("warning", "hardware-error", job=job.id, device=nonce.device, text=text)

    def refresh(self, shot: Snapshot) -> None:
        """Print the rate if it is time to."""
        self._shot = shot
        if shot.seconds >= self._next_rate:
            self._next_rate += RATE_EVERY_SECONDS
            self._line("info", "rate", hashes_per_second=round(shot.rates.seconds_5))

    def close(self) -> None:
        """Nothing to restore."""

    def _share(self, event: ShareAnswered) -> None:
        share, result = event.share, event.result
        accepted = result.verdict is Verdict.ACCEPTED
        self._line(
            "info" if accepted else "warning",
            result.verdict.value,
            **self._of_share(share),
            latency_ms=None if result.latency is None else round(result.latency * 1000, 3),
            reason=None if result.reason is None else result.reason.value,
            text=result.text or None,
        )
        if accepted and share.solves_block:
            self._line("info", "block", **self._of_share(share))

    def _of_share(self, share: Share) -> dict[str, Any]:
        return {
            "pool": self._pool(share.job.sink),
            "job": share.job.id,
            "device": share.nonce.device,
            "difficulty": share.difficulty,
        }

    def _pool(self, sink: ShareSink) -> str | None:
        """Return the URL of the pool that a job came from, once a snapshot has told the pools."""
        pools = self._shot.pools if self._shot else ()
        mine = [pool.status.url for pool in pools if len(pools) == 1 or pool.status.sink == sink]
        return mine[0] if mine else None

    def _line(self, level: str, event: str, **fields: object) -> None:
        if self._quiet and level == "info":
            return
        moment = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds")
        known = {key: value for key, value in fields.items() if value is not None}
        entry = {"ts": moment.replace("+00:00", "Z"), "level": level, "event": event, **known}
        print(json.dumps(entry), file=self._stream, flush=True)
