"""What the event loop and the scan threads share: the assignment one way, nonces the other.

All that crosses between threads is in this file. Single attributes are read without the lock,
which the interpreter makes atomic; the condition serves to wait, and to change two things at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, Lock
from typing import NamedTuple

from stampmill.core.backends.base import WorkFeed
from stampmill.core.job import Nonce, Work
from stampmill.core.scan import CancelWord, ScanRequest

CAPACITY = 4096
"""Nonces that may wait for the loop before the threads stop scanning."""
MAX_SWITCHES = 4096
"""Job switches kept between two readings of the telemetry; older ones give way."""


class Piece(NamedTuple):
    """Work, and all of it as a kernel wants to be asked."""

    work: Work
    request: ScanRequest


class SwitchLog:
    """How long job switches took, and how many jobs went before every thread had begun."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=MAX_SWITCHES)
        self._starved = 0

    def add(self, seconds: float) -> None:
        """Keep one switch; called by the thread that completed it."""
        self._seconds.append(seconds)

    def add_starved(self) -> None:
        """Count a job that never reached all threads; called by the loop."""
        self._starved += 1

    def read(self) -> tuple[tuple[float, ...], int]:
        """Return the switches and the number of starved jobs since the last reading."""
        starved, self._starved = self._starved, 0
        return tuple(self._seconds.popleft() for _ in range(len(self._seconds))), starved


class Assignment:
    """One feed on all threads, with a cancel word for each and a note of who has begun.

    `pieces` holds what each thread is to begin with, cut beforehand: a thread that comes back from
    a kernel then needs the interpreter for less.
    """

    def __init__(self, feed: WorkFeed, pieces: Sequence[Piece | None]) -> None:
        self.feed = feed
        self.pieces = list(pieces)
        threads = len(self.pieces)
        self.cancels = tuple(CancelWord() for _ in range(threads))
        self._missing = set(range(threads))
        self._over = False
        self._lock = Lock()

    def begin(self, thread: int) -> bool:
        """Note that a thread begins to scan; tell whether it is the last one to do so."""
        with self._lock:
            if self._over or thread not in self._missing:
                return False
            self._missing.remove(thread)
            return not self._missing

    def cancel(self) -> bool:
        """Call all threads back; tell whether one of them had never begun."""
        for word in self.cancels:
            word.set()
        with self._lock:
            self._over = True
            return bool(self._missing)


class Exchange:
    """The meeting point of one loop and a fixed number of threads.

    `notify` is called from any thread when nonces have arrived where there were none, and when
    the last thread has left.
    """

    def __init__(self, threads: int, notify: Callable[[], None], capacity: int = CAPACITY) -> None:
        self.active = threads
        self.error: BaseException | None = None
        self.switches = SwitchLog()
        self._notify = notify
        self._capacity = capacity
        self._changed = Condition()
        self._assignment: Assignment | None = None
        self.closed = False
        self._box: list[Nonce] = []

    # The loop's side.

    def assign(self, feed: WorkFeed | None, pieces: Sequence[Piece | None] = ()) -> None:
        """Put all threads on a feed at once, each with its first piece; or at rest."""
        if self.closed:
            return
        old = self._assignment
        self._assignment = Assignment(feed, pieces) if feed is not None else None
        # Cancelled after the new one is visible: who comes back finds it without waiting.
        if old is not None and old.cancel() and feed is not None:
            self.switches.add_starved()
        with self._changed:
            self._changed.notify_all()

    def collect(self) -> list[Nonce]:
        """Return the nonces that have arrived, in each thread's order, and make room for more."""
        if not self._box:
            return []
        with self._changed:
            nonces, self._box = self._box, []
            if len(nonces) >= self._capacity:
                self._changed.notify_all()
        return nonces

    # Either side.

    def close(self) -> None:
        """Send the threads away; what they have found stays to be collected."""
        with self._changed:
            self.closed = True
            old, self._assignment = self._assignment, None
            if old is not None:
                old.cancel()
            self._changed.notify_all()

    # The threads' side.

    def next_assignment(self) -> Assignment | None:
        """Wait for something to do; None: leave."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._assignment is not None)
            return None if self.closed else self._assignment

    def rest(self, cancel: CancelWord, seconds: float) -> None:
        """Wait so long, or until cancelled."""
        with self._changed:
            self._changed.wait_for(cancel.is_set, seconds)

    def await_room(self, cancel: CancelWord) -> bool:
        """Wait until the loop can take more; tell whether to scan on, which cancelled means not."""
        if len(self._box) >= self._capacity:
            with self._changed:
                self._changed.wait_for(lambda: cancel.is_set() or len(self._box) < self._capacity)
        return not cancel.is_set()

    def post(self, nonces: list[Nonce]) -> None:
        """Hand over what a scan found. Never waits: a thread asks for room before it scans."""
        with self._changed:
            first = not self._box
            self._box.extend(nonces)
        if first:
            self._notify()

    def leave(self, error: BaseException | None = None) -> None:
        """Say goodbye; an error takes all other threads along."""
        with self._changed:
            self.active -= 1
            last = not self.active
            if self.error is None:
                self.error = error
        if error is not None:
            self.close()
        if last:
            self._notify()
