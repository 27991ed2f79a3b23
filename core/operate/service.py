"""A run as a systemd service: says when it is ready, and proves that it works.

The protocol is sd_notify(3): datagrams of NAME=VALUE lines to the socket in NOTIFY_SOCKET.
"""

import os
import socket
import time
from collections.abc import Mapping

from stampmill.core.snapshot import Snapshot


class Notifier:
    """Tells the service manager; without one it does nothing."""

    def __init__(self, environ: Mapping[str, str], pid: int | None = None) -> None:
        self._place = environ.get("NOTIFY_SOCKET", "")
        self.watchdog = _watchdog(environ, os.getpid() if pid is None else pid)
        """Seconds within which the manager wants to hear of us; None: it does not care."""

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return bool(self._place)

    def tell(self, **said: str | int) -> None:
        """Send a message: READY=1, STATUS=..., WATCHDOG=1; a manager that is gone is no trouble."""
        if not self._place:
            return
        # A leading @ stands for a NUL: a name in the abstract namespace.
        place = f"\0{self._place[1:]}" if self._place.startswith("@") else self._place
        text = "\n".join(f"{key}={value}" for key, value in said.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.setblocking(False)
                notify.sendto(text.encode(), place)
        except OSError:
            return


class Pulse:
    """Whether a run does what it is there for: hash, unless it has a reason not to."""

    def __init__(self) -> None:
        self._hashes = -1

    def beats(self, shot: Snapshot) -> bool:
        """Tell whether all is well since the last time: no work done without a reason is not."""
        worked = shot.hashes > self._hashes
        self._hashes = shot.hashes
        return worked or _may_rest(shot)


def status(shot: Snapshot, rate: str) -> str:
    """Return the line that `systemctl status` shows."""
    if shot.paused:
        return f"paused by {shot.paused}, {shot.accepted} accepted"
    if shot.job is None:
        return f"no job from {shot.source.url or shot.source.name}"
    return f"{rate}, {shot.accepted} accepted, {shot.rejected} rejected"


def reloading() -> dict[str, str | int]:
    """Return what Type=notify-reload wants to hear before a reload."""
    return {"RELOADING": 1, "MONOTONIC_USEC": time.monotonic_ns() // 1000}


def _may_rest(shot: Snapshot) -> bool:
    idle = all(not device.enabled or device.held for device in shot.devices)
    return bool(shot.paused) or shot.job is None or idle


def _watchdog(environ: Mapping[str, str], pid: int) -> float | None:
    """Return WATCHDOG_USEC in seconds if it is meant for this process (sd_watchdog_enabled(3))."""
    micros, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not micros.isdecimal() or not int(micros) or (meant and meant != str(pid)):
        return None
    return int(micros) / 1e6
