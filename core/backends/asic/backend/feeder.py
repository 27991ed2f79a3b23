"""Keeps a board in work: hands out the next job before the last one is used up."""

import asyncio
from collections import deque
from collections.abc import Callable

from stampmill.core.backends.asic.backend import ticket
from stampmill.core.backends.asic.backend.job_table import JobTable
from stampmill.core.backends.asic.board.base import Board, Facts
from stampmill.core.backends.base import WorkFeed
from stampmill.core.errors import StampmillError
from stampmill.core.job import Work
from stampmill.core.scan import NONCE_SPACE

MAX_SWITCHES = 4096
"""Job switches kept between two readings; older ones give way."""

_USED_UP_PAUSE = 0.1
"""Seconds until a feed that has nothing left is asked again: it rolls the time each second."""


class Feeder:
    """Hands jobs to one board while that is ready; each goes to the line whole and at once.

    Nothing queues here, so nothing old can stand before a new job. `on_trouble` is told what the
    board raises when it is handed a job.
    """

    def __init__(
        self,
        board: Board,
        clock: Callable[[], float],
        on_trouble: Callable[[StampmillError], None],
    ) -> None:
        self.table = JobTable(())
        self.ticket_bits = 0
        self._board = board
        self._clock = clock
        self._on_trouble = on_trouble
        self._facts: Facts | None = None
        self._ready = False
        self._feed: WorkFeed | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._switches: deque[float] = deque(maxlen=MAX_SWITCHES)
        self._starved = 0
        self._sent = True
        """Something of the feed has been handed out."""

    @property
    def at_work(self) -> bool:
        """Whether the board has a job and should be finding nonces."""
        return self._ready and self._feed is not None and self._sent

    def begin(self, facts: Facts) -> None:
        """Take the board for ready, and go on with the feed if there is one."""
        if self._facts is None or self._facts.job_ids != facts.job_ids:
            self.table = JobTable(facts.job_ids)
        self._facts, self._ready = facts, True
        self.send_next()

    def pause(self) -> None:
        """Hand nothing out until the board is ready again."""
        self._ready = False
        self._stop_timer()

    def turn_to(self, feed: WorkFeed | None, *, clean: bool = False) -> None:
        """Go over to a feed, or to none; its first job leaves at once."""
        self._starved += not self._sent
        if clean:
            self.table.bury()
        self._feed, self._sent = feed, feed is None
        self.send_next()

    def send_next(self) -> None:
        """Hand out the next job now, and the one after it in time."""
        self._stop_timer()
        if not self._ready or self._feed is None or self._facts is None:
            return
        work = self._feed.take(NONCE_SPACE, self._facts.versions)
        seconds = _USED_UP_PAUSE
        if work is not None:
            try:
                seconds = self._hand_out(work, self._facts)
            except StampmillError as error:
                self._on_trouble(error)
                return
            self._note_switch(self._feed)
        self._timer = asyncio.get_running_loop().call_later(seconds, self.send_next)

    def read_switches(self) -> tuple[tuple[float, ...], int]:
        """Return the job switches and starved jobs since the last reading."""
        switches, starved = tuple(self._switches), self._starved
        self._switches.clear()
        self._starved = 0
        return switches, starved

    def _hand_out(self, work: Work, facts: Facts) -> float:
        """Send a job; return after how long the board needs the next one."""
        self.ticket_bits = ticket.bits_for(facts, work.job.report_target)
        self._board.set_ticket(self.ticket_bits)
        self._board.start(self.table.add(work, self.ticket_bits), work)
        return self._board.job_seconds(work)

    def _note_switch(self, feed: WorkFeed) -> None:
        if not self._sent:
            self._sent = True
            self._switches.append(self._clock() - feed.received_at)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
