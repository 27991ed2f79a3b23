"""One scan thread: takes work from the feed of the day and runs a kernel over it."""

import threading
from collections.abc import Callable
from dataclasses import replace

from stampmill.core.backends.base import WorkFeed
from stampmill.core.backends.exchange import Assignment, Exchange, Piece
from stampmill.core.backends.placement import Placement, take_place
from stampmill.core.job import Nonce, Work
from stampmill.core.scan import (
    NONCE_SPACE,
    CancelWord,
    Kernel,
    ScanRequest,
    ScanResult,
    ScanStatus,
)

STEP_SECONDS = 0.075
"""A step's aim: counters stay fresh, and what surrounds a step is a thousandth of it."""
FIRST_STEP = 1 << 14
"""Hashes of the first step, when nothing is known of the kernel's rate."""
MAX_GROWTH = 8
MIN_TIMED_SECONDS = 0.001
"""Anything shorter says little about the rate."""
RETRY_SECONDS = 1.0
"""A feed that is used up has work again when the clock, and with it ntime, has moved on."""


class Pace:
    """How many nonces make a step, after the rate of the steps before."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._hashes = FIRST_STEP
        self._versions = 1

    def nonces(self) -> int:
        """Return the nonces to ask for: whole batches of the kernel."""
        wanted = self._hashes // self._versions
        return min(max(wanted - wanted % self._lanes, self._lanes), NONCE_SPACE)

    def note(self, hashes: int, seconds: float, versions: int) -> None:
        """Learn from a step."""
        self._versions = versions
        if hashes >= self._hashes or seconds >= MIN_TIMED_SECONDS:
            most = self._hashes * MAX_GROWTH
            wanted = hashes * STEP_SECONDS / seconds if seconds > 0 else most
            self._hashes = int(min(max(wanted, 1), most, NONCE_SPACE * versions))


class ScanThread:
    """A thread with its place, its counter and its kernel; ends when the exchange is closed."""

    def __init__(
        self,
        index: int,
        placement: Placement,
        kernel: Kernel,
        exchange: Exchange,
        clock: Callable[[], float],
    ) -> None:
        self.device = placement.device
        self.hashes = 0
        self._index = index
        self._placement = placement
        self._kernel = kernel
        self._exchange = exchange
        self._clock = clock
        self._pace = Pace(kernel.lanes)
        self._thread = threading.Thread(
            target=self._run, name=f"stampmill-{placement.device}", daemon=True
        )

    def start(self) -> None:
        """Begin to wait for work."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end of a thread that has left the exchange."""
        self._thread.join()

    def cut(self, feed: WorkFeed) -> Piece | None:
        """Take this thread's next piece of a feed, or None while all is used up; on any thread."""
        work = feed.take(self._pace.nonces(), self._kernel.max_versions)
        return None if work is None else Piece(work, _request(work))

    def _run(self) -> None:
        try:
            take_place(self._placement)
            while (assignment := self._exchange.next_assignment()) is not None:
                self._work_on(assignment)
        except BaseException as error:  # whatever it is: the others must not mine on
            self._exchange.leave(error)
        else:
            self._exchange.leave()

    def _work_on(self, assignment: Assignment) -> None:
        cancel = assignment.cancels[self._index]
        piece = assignment.pieces[self._index]
        begun = False
        while self._exchange.await_room(cancel):
            piece = piece or self.cut(assignment.feed)
            if piece is None:
                self._exchange.rest(cancel, RETRY_SECONDS)
                continue
            if not begun:
                begun = True
                self._begin(assignment)
            self._step(piece, cancel)
            piece = None

    def _begin(self, assignment: Assignment) -> None:
        now = self._clock()
        if assignment.begin(self._index):
            self._exchange.switches.add(now - assignment.feed.received_at)

    def _step(self, piece: Piece, cancel: CancelWord) -> None:
        """Scan one piece to its end, or until cancelled."""
        before, started = self.hashes, self._clock()
        work = piece.work
        request: ScanRequest | None = piece.request
        while request is not None and self._exchange.await_room(cancel):
            result = self._kernel.scan(request, cancel)
            found_at = self._clock()
            self.hashes += _hashes(request, result)
            if result.hits:
                self._post(work, result, found_at)
            request = _rest_of(request, result)
        self._pace.note(self.hashes - before, self._clock() - started, len(work.versions))

    def _post(self, work: Work, result: ScanResult, found_at: float) -> None:
        self._exchange.post(
            [
                Nonce(work, hit.nonce, hit.version, work.ntime, found_at, self.device)
                for hit in result.hits
            ]
        )


def _request(work: Work) -> ScanRequest:
    return ScanRequest(
        work.prefix(), work.versions, work.first_nonce, work.end_nonce, work.ticket_target
    )


def _hashes(request: ScanRequest, result: ScanResult) -> int:
    nonces = result.next_nonce - request.first
    return nonces * len(request.versions) + result.next_version - request.first_version


def _rest_of(request: ScanRequest, result: ScanResult) -> ScanRequest | None:
    if result.status in (ScanStatus.DONE, ScanStatus.CANCELLED) or result.next_nonce >= request.end:
        return None
    return replace(request, first=result.next_nonce, first_version=result.next_version)
