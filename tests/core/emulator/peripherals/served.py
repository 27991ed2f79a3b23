"""An emulated board's control port on a pseudo-terminal, served by a thread in real time."""

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stampmill.core.emulator.peripherals.board import EmulatedPower


class Served:
    """`path` is the port. Look at the board only while holding `lock`, or by `until`."""

    def __init__(self, **options: Any) -> None:
        self.board = EmulatedPower(time.monotonic(), **options)
        self.lock = threading.Lock()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def until(self, holds: Callable[[EmulatedPower], bool], seconds: float = 10.0) -> bool:
        """Wait until the board is so, or time is up; return whether it is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.lock:
                if holds(self.board):
                    return True
            select.select([], [], [], 0.01)
        return False

    def unplug(self) -> None:
        """Take the port away."""
        if self._stop >= 0:
            os.close(self._stop)
            self._stop = -1
            self._thread.join()
            for fd in (self._wake, self._slave, self._master):
                os.close(fd)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._wake], [], [], 0.05)
            if self._wake in ready:
                return
            now = time.monotonic()
            with self.lock:
                self.board.tick(now)
                if ready:
                    os.write(self._master, self.board.feed(os.read(self._master, 4096), now))


@contextmanager
def served(**options: Any) -> Iterator[Served]:
    port = Served(**options)
    try:
        yield port
    finally:
        port.unplug()
