"""Everything that is told of a board, put together."""

from collections.abc import Mapping

from stampmill.core.backends.asic.backend import ticket
from stampmill.core.backends.asic.backend.tally import Tally
from stampmill.core.backends.asic.board.base import Board, Facts
from stampmill.core.board_report import BoardReport


def board_report(
    board: Board,
    facts: Facts,
    tally: Tally,
    *,
    seconds: float,
    ticket_bits: int,
    working: bool,
    done: Mapping[str, int],
) -> BoardReport:
    """Return the report after so many seconds; `done` counts what the backend did about it."""
    each = 2.0 ** (facts.zero_bits + ticket_bits)
    counters = board.counters()._asdict()
    return BoardReport(
        name=board.name,
        kind=facts.kind,
        serial_number=facts.serial_number,
        working=working,
        mhz=facts.mhz,
        ticket_difficulty=ticket.difficulty(facts, ticket_bits),
        expected=facts.hashrate,
        measured=tally.measured(seconds, each),
        chips=tally.reports(facts.chips, facts.hashrate, seconds, each),
        temperatures=tuple(board.temperatures()),
        readings=tuple(board.readings()),
        line=(
            *((name.replace("_", " "), count) for name, count in counters.items()),
            *done.items(),
        ),
    )
