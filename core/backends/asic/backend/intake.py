"""What becomes of each reply: judged, counted, and sent on if it is worth that."""

from collections.abc import Callable

from stampmill.core.backends.asic.backend.feeder import Feeder
from stampmill.core.backends.asic.backend.judge import Judgement, Worth, judge
from stampmill.core.backends.asic.backend.outbox import Outbox
from stampmill.core.backends.asic.backend.tally import Tally
from stampmill.core.backends.asic.board.base import Board, Facts, Found
from stampmill.core.job import Nonce

# cgminer writes the ticket again after 4 nonces below it.
_LOW_BEFORE_REPEAT = 4


class Intake:
    """Takes the replies of one board. `on_alive` hears of each chip that does its work, and when.

    `tally` counts what they were, `outbox` holds what is for the scheduler.
    """

    def __init__(
        self, board: Board, feeder: Feeder, on_alive: Callable[[int | None, float], None]
    ) -> None:
        self.tally = Tally()
        self.outbox = Outbox()
        self._board = board
        self._feeder = feeder
        self._on_alive = on_alive
        self._low = 0

    def take(self, found: Found, facts: Facts, now: float) -> None:
        """Judge one reply."""
        candidates = self._feeder.table.candidates(found.job_id)
        judgement = judge(found, candidates, self._board.version, facts.zero_bits)
        hashes = 1 << (facts.zero_bits + judgement.ticket_bits)
        self.tally.count(found.chip, judgement.worth, hashes)
        match judgement.worth:
            case Worth.GOOD | Worth.STALE | Worth.DUPLICATE:
                self._on_alive(found.chip, now)
            case Worth.LOW_DIFFICULTY:
                self._suspect_the_ticket(now)
            case _:
                pass
        if judgement.reportable:
            self._report(found, judgement, now)

    def _suspect_the_ticket(self, now: float) -> None:
        self._on_alive(None, now)
        self._low += 1
        if self._low % _LOW_BEFORE_REPEAT == 0:
            self._board.repeat_settings()

    def _report(self, found: Found, judgement: Judgement, now: float) -> None:
        work = judgement.work
        if work is not None:
            nonce = Nonce(work, found.nonce, judgement.version, work.ntime, now, self._board.name)
            self.outbox.put(nonce)
