"""The audit log: what an operator wants to know afterwards, one JSON object a line, append-only."""

import hashlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from stampmill.core.job import Share
from stampmill.core.rate_limit import RateLimit
from stampmill.pool.endpoint import masked
from stampmill.pool.transport.faults import reason

TROUBLE_EVERY = 60.0
"""Seconds between two warnings about the same file."""
PEER_EVENTS_PER_HOUR = 60
"""Lines that a pool or network can cause at will, of each kind: it must not fill the disk."""


class AuditEvent(Enum):
    """What is recorded."""

    STARTED = "started"
    STOPPED = "stopped"
    CONNECTED = "connected"
    CONNECT_FAILED = "connect-failed"
    DISCONNECTED = "disconnected"
    POOL_SWITCHED = "pool-switched"
    REDIRECT_FOLLOWED = "redirect-followed"
    REDIRECT_REFUSED = "redirect-refused"
    EGRESS_REFUSED = "egress-refused"
    BLOCK_FOUND = "block-found"
    CONTROLLED = "controlled"
    """Somebody changed how the run goes on: who, and what."""
    RELOADED = "reloaded"
    """The configuration was read again."""


_PEER_MADE = {AuditEvent.REDIRECT_REFUSED, AuditEvent.EGRESS_REFUSED}


class AuditLog:
    """Appends events to a file; without a path it does nothing.

    Each line holds `time` (seconds since 1970), `event`, its fields, and in `previous` the SHA-256
    of the line before it, so that a changed or missing line shows. A file that cannot be written
    to never stops a run: `lost` counts the lines, and `on_trouble` is told, again every minute.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        now: Callable[[], float] = time.time,
        on_trouble: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.path = path
        self.lost = 0
        self.suppressed = 0
        self._now = now
        self._on_trouble = on_trouble
        self._file: int | None = None
        self._previous = ""
        self._torn = False
        self._limits = {event: RateLimit(PEER_EVENTS_PER_HOUR, 3600.0) for event in _PEER_MADE}
        self._troubles = RateLimit(burst=1, seconds=TROUBLE_EVERY)

    def record(self, event: AuditEvent, **fields: object) -> None:
        """Append a line. Fields are what JSON can hold, and hold no secrets."""
        if self.path is None:
            return
        now = self._now()
        limit = self._limits.get(event)
        if limit is not None and not limit.allow(now):
            self.suppressed += 1
            return
        try:
            self._append(self._line(now, event, fields))
        except OSError as error:
            self._on_failure(now, error)

    def block_found(self, place: str, share: Share) -> None:
        """Record a share that solves a block, found for the pool or node at a place."""
        nonce = share.nonce
        self.record(
            AuditEvent.BLOCK_FOUND,
            pool=place,
            hash=share.hash[::-1].hex(),
            job=share.job.id,
            difficulty=share.difficulty,
            extranonce2=nonce.work.extranonce2.hex(),
            ntime=f"{nonce.ntime:08x}",
            nonce=f"{nonce.nonce:08x}",
            version=f"{nonce.version:08x}",
            device=nonce.device,
        )

    def close(self) -> None:
        """Close the file; a later record opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _line(self, now: float, event: AuditEvent, fields: dict[str, object]) -> bytes:
        if self._file is None:
            self._open()
        missing = {"unrecorded": self.lost + self.suppressed} if self.lost + self.suppressed else {}
        entry = {
            "time": round(now, 3), "event": event.value, **fields, **missing,
            "previous": self._previous,
        }  # fmt: skip
        return msgspec.json.encode(entry)

    def _open(self) -> None:
        """Open the file for appending, and take up the chain where it ends."""
        assert self.path is not None  # noqa: S101  record() returns before
        # Not blocking: somebody may have named a pipe that nobody reads.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
        self._file = os.open(self.path, flags, 0o600)
        last, self._torn = _last_line(self._file)
        self._previous = hashlib.sha256(last).hexdigest() if last else ""

    def _append(self, line: bytes) -> None:
        """Write the line in one call, behind the remains of one that was cut off."""
        assert self._file is not None  # noqa: S101  _line() has opened it
        data = b"\n" * self._torn + line + b"\n"
        written = os.write(self._file, data)
        if written < len(data):
            self._torn = True
            raise OSError(f"only {written} of {len(data)} bytes could be written")
        self._torn = False
        self._previous = hashlib.sha256(line).hexdigest()

    def _on_failure(self, now: float, error: OSError) -> None:
        self.lost += 1
        if self._troubles.allow(now):
            lines = "1 line is" if self.lost == 1 else f"{self.lost} lines are"
            self._on_trouble(
                f"audit log {self.path} cannot be written: {reason(error)}; {lines} lost so far, "
                "mining goes on"
            )


def described(settings: object) -> Any:
    """Return settings as JSON can hold them; what has no repr, as a secret has none, is left out.

    URLs keep their user, and lose their password.
    """
    if is_dataclass(settings):
        shown = {each.name: getattr(settings, each.name) for each in fields(settings) if each.repr}
        return {name: described(value) for name, value in shown.items()}
    if isinstance(settings, tuple):
        return [described(value) for value in settings]
    return masked(settings) if isinstance(settings, str) else _plain(settings)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


_LONGEST = 64 * 1024


def _last_line(file: int) -> tuple[bytes, bool]:
    """Return the last whole line of a file, and whether something unfinished stands behind it."""
    info = os.fstat(file)
    if not stat.S_ISREG(info.st_mode) or not info.st_size:
        return b"", False
    start = max(0, info.st_size - _LONGEST)
    whole, newline, rest = os.pread(file, _LONGEST, start).rpartition(b"\n")
    return whole.rpartition(b"\n")[2] if newline else b"", bool(rest)
