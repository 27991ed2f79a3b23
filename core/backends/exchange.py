"""What the event loop and the scan threads share, but for what a relay offers and finds.

Single attributes are read without the lock, which the interpreter makes atomic; the condition
serves to wait, and to change two things at once.
"""

from collections import deque
from collections.abc import Callable, Iterable
from threading import Condition

from stampmill.core.backends.base import WorkFeed
from stampmill.core.relay import Leg
from stampmill.core.scan import CancelWord

MAX_SWITCHES = 4096
"""Job switches kept between two readings of the telemetry; older ones give way."""


class Assignment:
    """One feed on threads, with a cancel word for each.

    `firsts` holds what each thread begins with: laid ready by the loop, or None where the feed had
    nothing at that time; then the thread puts there what it finds later.
    """

    def __init__(self, feed: WorkFeed, threads: Iterable[int]) -> None:
        self.feed = feed
        self.cancels = {index: CancelWord() for index in threads}
        self.firsts: dict[int, Leg | None] = dict.fromkeys(self.cancels)

    def cancel(self) -> None:
        """Call all threads back."""
        for word in self.cancels.values():
            word.set()

    def switched_at(self) -> float | None:
        """Return when the last thread began, or None while one has not."""
        begun = [leg.begun_at if leg else None for leg in self.firsts.values()]
        times = [at for at in begun if at is not None]
        return max(times) if len(times) == len(begun) else None


class SwitchLog:
    """How long job switches took, and how many jobs went before every thread had begun."""

    def __init__(self) -> None:
        self._current: Assignment | None = None
        self._seconds: deque[float] = deque(maxlen=MAX_SWITCHES)
        self._starved = 0

    def follow(self, assignment: Assignment | None) -> None:
        """Turn to what the threads are to do now, after a last look at what they were to do."""
        if not self._look() and self._current and assignment:
            self._starved += 1
        self._current = assignment

    def read(self) -> tuple[tuple[float, ...], int]:
        """Return the switches and the number of starved jobs since the last reading."""
        self._look()
        seconds, starved = tuple(self._seconds), self._starved
        self._seconds.clear()
        self._starved = 0
        return seconds, starved

    def _look(self) -> bool:
        """Keep the switch if it is complete, once; tell whether there is nothing to wait for."""
        at = self._current.switched_at() if self._current else None
        if self._current is None or at is None:
            return self._current is None
        self._seconds.append(at - self._current.feed.received_at)
        self._current = None
        return True


class Exchange:
    """The meeting point of one loop and a fixed number of threads.

    `notify` is called from any thread when the last one has left. An error of one thread sends all
    away, unless they are `independent`: then it counts when it is the last.
    """

    def __init__(
        self,
        threads: int,
        notify: Callable[[], None],
        *,
        independent: bool = False,
    ) -> None:
        self.active = threads
        self.error: BaseException | None = None
        self.switches = SwitchLog()
        self._notify = notify
        self._independent = independent
        self._changed = Condition()
        self._assignment: Assignment | None = None
        self._crowded = 0
        self.closed = False

    # The loop's side.

    def assign(self, assignment: Assignment | None) -> None:
        """Put all threads on a feed at once, or at rest."""
        if self.closed:
            return
        self.switches.follow(assignment)
        old, self._assignment = self._assignment, assignment
        # Cancelled after the new one is visible: who comes back finds it without waiting.
        if old is not None:
            old.cancel()
        with self._changed:
            self._changed.notify_all()

    def made_room(self) -> None:
        """Have the threads that wait for room look again."""
        if self._crowded:
            with self._changed:
                self._changed.notify_all()

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
        if (assignment := self._assignment) is not None:
            return assignment
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._assignment is not None)
            return None if self.closed else self._assignment

    def rest(self, cancel: CancelWord, seconds: float) -> None:
        """Wait so long, or until cancelled."""
        with self._changed:
            self._changed.wait_for(cancel.is_set, seconds)

    def await_room(self, cancel: CancelWord, has_room: Callable[[], bool]) -> bool:
        """Wait until there is room; tell whether to scan on, which cancelled means not."""
        if not has_room():
            with self._changed:
                # Before the next look: whoever makes room after that look sees it.
                self._crowded += 1
                self._changed.wait_for(lambda: cancel.is_set() or has_room())
                self._crowded -= 1
        return not cancel.is_set()

    def leave(self, error: BaseException | None = None) -> None:
        """Say goodbye; an error takes all other threads along, unless they are independent."""
        with self._changed:
            self.active -= 1
            last = not self.active
            fatal = error is not None and (last or not self._independent)
            if fatal and self.error is None:
                self.error = error
        if fatal:
            self.close()
        if last:
            self._notify()
