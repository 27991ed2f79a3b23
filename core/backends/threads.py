"""One scan thread: takes work from the feed of the day and runs a kernel over it.

The loop lays each assignment's first piece ready. A kernel that relays goes over to it by itself,
and the thread learns of it when it comes back. What it finds the loop takes from the pieces.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from stampmill.core.backends.exchange import Assignment, Exchange
from stampmill.core.backends.placement import Placement, take_place
from stampmill.core.job import Nonce, Work
from stampmill.core.relay import End, Leg, relay_of
from stampmill.core.scan import NONCE_SPACE, CancelWord, Kernel, ScanRequest, ScanStatus

_log = logging.getLogger("stampmill.backends")

STEP_SECONDS = 0.075
"""A step's aim: counters stay fresh, and what surrounds a step is a thousandth of it."""
FIRST_STEP = 1 << 14
"""Hashes of the first step, when nothing is known of the kernel's rate."""
MAX_GROWTH = 8
MIN_TIMED_SECONDS = 0.001
"""Anything shorter says little about the rate."""
CAPACITY = 4096
"""Finds of a thread that may wait for the loop before it stops scanning."""
RETRY_SECONDS = 1.0
"""A feed that is used up has work again when the clock, and with it ntime, has moved on."""


class Piece(NamedTuple):
    """Some work of an assignment, as a leg of the thread's relay."""

    assignment: Assignment
    work: Work
    cancel: CancelWord
    leg: Leg


class Pace:
    """How many nonces make a step, after the rate of the steps before."""

    def __init__(self, lanes: int, seconds: float = STEP_SECONDS) -> None:
        self._lanes = lanes
        self._seconds = seconds
        self._hashes = FIRST_STEP
        self._versions = 1

    def nonces(self) -> int:
        """Return the nonces to ask for: whole batches of the kernel."""
        wanted = self._hashes // self._versions
        return min(max(wanted - wanted % self._lanes, self._lanes), NONCE_SPACE)

    def note(self, hashes: int, seconds: float, versions: int) -> None:
        """Learn from a scan."""
        self._versions = versions
        if hashes >= self._hashes or seconds >= MIN_TIMED_SECONDS:
            most = self._hashes * MAX_GROWTH
            wanted = hashes * self._seconds / seconds if seconds > 0 else most
            self._hashes = int(min(max(wanted, 1), most, NONCE_SPACE * versions))


class ScanThread:
    """A thread with its place, its counter and its kernel; ends when the exchange is closed.

    `ring` is called when something waits to be collected; a kernel in C rings the eventfd `bell`.
    """

    def __init__(
        self,
        index: int,
        placement: Placement,
        kernel: Kernel,
        exchange: Exchange,
        clock: Callable[[], float],
        *,
        step_seconds: float = STEP_SECONDS,
        capacity: int = CAPACITY,
        ring: Callable[[], None] = lambda: None,
        bell: int = -1,
    ) -> None:
        self.device = placement.device
        self.hashes = 0
        self.error: BaseException | None = None
        self._index = index
        self._placement = placement
        self._kernel = kernel
        self._exchange = exchange
        self._relay = relay_of(kernel, clock, bell)
        self._pace = Pace(kernel.lanes, step_seconds)
        self._capacity = capacity
        self._ring = ring
        self._lock = threading.Lock()
        self._offered: list[Piece] = []
        # The loop takes from both without a lock, which a thread that gives way could keep from it.
        self._live: dict[Leg, Piece] = {}
        self._over: deque[Piece] = deque()
        self._thread = threading.Thread(
            target=self._run, name=f"stampmill-{placement.device}", daemon=True
        )

    def start(self) -> None:
        """Begin to wait for work."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end of a thread that has left the exchange."""
        self._thread.join()

    def prepare(self, assignment: Assignment) -> None:
        """Cut this thread's first piece of an assignment and lay it ready; called by the loop."""
        piece = self._cut(assignment)
        if piece is not None:
            with self._lock:
                self._offered.append(piece)
                piece.leg.offer()

    def collect(self) -> list[Nonce]:
        """Return what was found since the last call; called by the loop."""
        # In this order: a piece that is moved meanwhile is seen at least once.
        live = tuple(self._live.values())
        over = [self._over.popleft() for _ in range(len(self._over))]
        return [nonce for piece in (*over, *live) for nonce in self._nonces(piece)]

    def _run(self) -> None:
        try:
            take_place(self._placement)
            while (assignment := self._exchange.next_assignment()) is not None:
                self._work_on(assignment)
        except BaseException as error:  # whatever it is: the exchange knows who may mine on
            self.error = error
            _log.error("device left: device=%s error=%r", self.device, error)
            self._exchange.leave(error)
        else:
            self._exchange.leave()

    def _work_on(self, assignment: Assignment) -> None:
        """Scan until called back; the relay may lead to later assignments meanwhile."""
        piece = self._begin(assignment)
        while piece is not None and self._exchange.await_room(piece.cancel, self._has_room):
            piece = self._scan(piece)
        if piece is not None:  # called back before it ran
            self._live.pop(piece.leg, None)

    def _begin(self, assignment: Assignment) -> Piece | None:
        """Return what lies ready of an assignment, else a piece; rest if there is none."""
        with self._lock:
            ready = [piece for piece in self._offered if piece.assignment is assignment]
        piece = ready[0] if ready else self._cut(assignment)
        if piece is None:
            self._exchange.rest(assignment.cancels[self._index], RETRY_SECONDS)
        return piece

    def _cut(self, assignment: Assignment) -> Piece | None:
        """Return the next piece of an assignment, or None while its feed is used up."""
        work = assignment.feed.take(self._pace.nonces(), self._kernel.max_versions)
        if work is None:
            return None
        cancel = assignment.cancels[self._index]
        leg = self._relay.leg(_request(work), cancel)
        if assignment.firsts[self._index] is None:
            assignment.firsts[self._index] = leg
        return self._enter(Piece(assignment, work, cancel, leg))

    def _enter(self, piece: Piece) -> Piece:
        self._live[piece.leg] = piece
        return piece

    def _scan(self, piece: Piece) -> Piece | None:
        """Scan a piece, and what the relay goes over to; return what to go on with, if any."""
        piece.leg.run()
        for ended in self._ended(piece):
            piece, end = ended, ended.leg.end()
            self._account(piece, end)
        try:
            return self._next(piece, end)
        finally:
            # Last: the loop that this wakes wants the interpreter, and the kernel gives it free.
            if self._waiting():
                self._ring()

    def _ended(self, piece: Piece) -> list[Piece]:
        """Return a piece and those that were scanned after it; forget all that is not on offer."""
        ended = [piece]
        if self._offered:
            with self._lock:
                offered, self._offered = self._offered, []
                if offered[-1].leg.begun_at is None:
                    self._offered.append(offered.pop())
            ended += [each for each in offered if each is not piece]
        for each in ended:
            self._over.append(each)
            self._live.pop(each.leg, None)
        return [each for each in ended if each.leg.begun_at is not None]

    def _account(self, piece: Piece, end: End) -> None:
        """Count what was done."""
        leg, versions = piece.leg, len(piece.work.versions)
        nonce, version = leg.start
        hashes = (end.nonce - nonce) * versions + end.version - version
        self.hashes += hashes
        self._pace.note(hashes, leg.ended_at - (leg.begun_at or 0.0), versions)

    def _next(self, piece: Piece, end: End) -> Piece | None:
        """Return the rest of a piece, or the next one; None if it was called back."""
        if end.status is ScanStatus.CANCELLED:
            return None
        if end.status is ScanStatus.DONE or end.nonce >= piece.work.end_nonce:
            return self._cut(piece.assignment)
        return self._enter(piece._replace(leg=piece.leg.rest()))

    def _nonces(self, piece: Piece) -> list[Nonce]:
        work = piece.work
        return [
            Nonce(work, nonce, version, work.ntime, found_at, self.device)
            for nonce, version, found_at in piece.leg.take()
        ]

    def _waiting(self) -> int:
        pieces = (*self._over, *self._live.values())
        return sum(piece.leg.waiting() for piece in pieces)

    def _has_room(self) -> bool:
        return self._waiting() < self._capacity


def _request(work: Work) -> ScanRequest:
    return ScanRequest(
        work.prefix(), tuple(work.versions), work.first_nonce, work.end_nonce, work.ticket_target
    )
