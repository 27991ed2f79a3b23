"""The Backend of one board: brings it up, keeps it in work, listens, and repairs what it can."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

from stampmill.core.backends.asic.backend import ticket
from stampmill.core.backends.asic.backend.changes import Changes
from stampmill.core.backends.asic.backend.feeder import Feeder
from stampmill.core.backends.asic.backend.intake import Intake
from stampmill.core.backends.asic.backend.recovery import Recovery, Sleep
from stampmill.core.backends.asic.backend.rest import LongRestError, Rest
from stampmill.core.backends.asic.backend.summary import board_report
from stampmill.core.backends.asic.backend.watchdog import (
    ChipWatch,
    Remedy,
    SilentError,
    Watchdog,
    named,
)
from stampmill.core.backends.asic.board.base import Board, Facts, Limits, Settable
from stampmill.core.backends.base import BackendError, Capabilities, Telemetry, WorkFeed
from stampmill.core.board_report import BoardReport
from stampmill.core.errors import NoDeviceError, StampmillError, UsageError
from stampmill.core.job import Nonce

NAME = "asic"

_WATCH_EVERY = 0.5


class AsicBackend:
    """One board. Its device has the board's name."""

    def __init__(
        self,
        board: Board,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.name = NAME
        self._board = board
        self._clock = clock
        self._sleep = sleep
        self._feeder = Feeder(board, clock, self._note_trouble)
        self._watchdog = Watchdog()
        self._rest = Rest()
        self._chip_watch = ChipWatch()
        self._intake = Intake(board, self._feeder, self._note_alive)
        self._outbox = self._intake.outbox
        self._facts: Facts | None = None
        self._trouble: StampmillError | None = None
        self._troubled = asyncio.Event()
        self._server: asyncio.Task[None] | None = None
        self._tell = tell
        self._opened_at = 0.0
        self._resent = 0
        self._closed = False
        self._changes = Changes()
        self._recovery = Recovery(
            board, self._changes, self._begin, clock=clock, sleep=sleep, tell=tell
        )

    async def open(self) -> None:
        """Bring the board up; raise what keeps it from working."""
        try:
            self._facts = await self._board.bring_up()
        except BaseException:
            with suppress(StampmillError):
                await self._board.stop()
            raise
        self._opened_at = self._clock()
        self._begin(self._facts)
        self._server = asyncio.create_task(self._serve())

    def capabilities(self) -> Capabilities:
        """Return what it can do; callable once open."""
        facts = self._opened
        difficulty = ticket.difficulty(facts, ticket.usual_bits(facts))
        kernel = f"{NAME}:{self._board.name}"
        return Capabilities(kernel, (self._board.name,), facts.versions, difficulty)

    def update(self, feed: WorkFeed) -> None:
        """Go over to new work; nonces of the old still count."""
        self._turn_to(feed, clean=False)

    def replace(self, feed: WorkFeed) -> None:
        """Go over to new work; what comes of the old is counted as stale."""
        self._turn_to(feed, clean=True)

    def idle(self) -> None:
        """Send no more jobs. Chips cannot be stopped short of a reset: they end their last one.

        A board whose power is ours is left cold after a while, until the next update or replace.
        """
        self._turn_to(None, clean=False)

    async def nonces(self) -> AsyncIterator[Nonce]:
        """Yield what is found; raise what makes the board useless."""
        async for nonce in self._outbox.read():
            yield nonce

    async def retune(self, mhz: float, volts: float | None = None) -> None:
        """Bring the running chips to another frequency, and the board to another voltage.

        For a voltage it has to be brought up again. Raise UsageError beyond limits, or what keeps
        the board from working so: then it is back where it was.
        """
        board = self._board
        if volts is None or (isinstance(board, Settable) and volts == board.volts):
            self._facts = await board.retune(mhz)
            self._watch()
        elif isinstance(board, Settable):
            if self._server is None or self._server.done():
                raise BackendError(f"{board.name} has ended")
            change = self._changes.ask(board, board.name, mhz, volts)
            self._note_trouble(change)
            await self._changes.wait_for(change)
        else:
            raise UsageError(f"{board.name} has no core voltage that could be set")

    @property
    def identity(self) -> str:
        """What the board is known by: its serial number, or else its name."""
        serial_number = self._facts.serial_number if self._facts else None
        return serial_number or self._board.name

    def limits(self) -> Limits:
        """Return how far the board may be set; callable once open. Raise UsageError."""
        if not isinstance(self._board, Settable):
            raise UsageError(f"{self._board.name} has neither clock nor voltage that could be set")
        return self._board.limits()

    def telemetry(self) -> Telemetry:
        """Return the counters; a board's hashes are worked out from its nonces."""
        if self._facts is None:
            return Telemetry({})
        self._pass_notices()
        switches, starved = self._feeder.read_switches()
        return Telemetry(
            {self._board.name: self._intake.tally.hashes},
            switches,
            starved,
            board=self._report(self._facts),
        )

    async def close(self) -> None:
        """Leave the board cold; nonces already found are still yielded."""
        if self._closed:
            return
        self._closed = True
        self._feeder.turn_to(None)
        self._feeder.pause()
        if self._server is not None:
            self._server.cancel()
            await asyncio.gather(self._server, return_exceptions=True)
        try:
            await self._board.stop()
        finally:
            self._outbox.end()

    @property
    def _opened(self) -> Facts:
        if self._facts is None:
            raise NoDeviceError(f"{self._board.name} is not open")
        return self._facts

    def _turn_to(self, feed: WorkFeed | None, *, clean: bool) -> None:
        if self._closed:
            return
        self._feeder.turn_to(feed, clean=clean)
        self._rest.turn_to(wanted=feed is not None)
        self._watch()

    def _begin(self, facts: Facts) -> None:
        self._facts = facts
        self._pass_notices()
        self._trouble = None
        self._troubled.clear()
        self._chip_watch.begin(facts.chips, self._clock())
        self._rest.end()
        self._feeder.begin(facts)
        self._watch()
        volts = self._board.volts if isinstance(self._board, Settable) else None
        if (change := self._changes.missed(volts)) is not None:
            self._note_trouble(change)

    def _pass_notices(self) -> None:
        for line in self._board.notices():
            self._tell(line)

    def _watch(self) -> None:
        if self._feeder.at_work:
            interval = ticket.interval(self._opened, self._feeder.ticket_bits)
            self._watchdog.watch(self._clock(), interval)
        else:
            self._watchdog.rest()

    async def _serve(self) -> None:
        """Listen until the board cannot be helped any more."""
        try:
            while True:
                try:
                    await self._work()
                except LongRestError:
                    self._pause()
                    # A change that somebody asks for does not wait for work.
                    await self._recovery.leave_cold(self._rest.over, self._troubled.wait)
                except StampmillError as error:
                    self._pause()
                    await self._recovery.recover(error)
        except StampmillError as error:
            self._outbox.end(error)
        except Exception as error:
            self._outbox.end(BackendError(f"{self._board.name}: {error!r}"))
            raise
        finally:
            self._changes.fail(BackendError(f"{self._board.name} has ended"))

    def _pause(self) -> None:
        self._feeder.pause()
        self._watchdog.rest()

    async def _work(self) -> None:
        """Listen and watch; raise the first trouble of either."""
        parts = [
            asyncio.create_task(part)
            for part in (self._listen(), self._guard(), self._raise_trouble())
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            results = await asyncio.gather(*parts, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _listen(self) -> None:
        while True:
            for found in await self._board.hear():
                self._intake.take(found, self._opened, self._clock())
                if self._opened.stops_at_nonce:
                    self._feeder.send_next()

    async def _guard(self) -> None:
        """Look after the watchdog; raise BoardError if the board needs more than its job again."""
        while True:
            await self._sleep(_WATCH_EVERY)
            if self._board.cools:
                self._rest.look(self._clock())
            self._watch()
            match self._watchdog.remedy(self._clock()):
                case None:
                    pass
                case Remedy.RESEND:
                    self._resent += 1
                    self._board.repeat_settings()
                    self._feeder.send_next()
                case remedy:
                    raise SilentError(self._board.name, remedy)
            self._look_at_chips()

    def _look_at_chips(self) -> None:
        """Raise BoardError if a chip of several has gone silent, once for each."""
        facts, now = self._opened, self._clock()
        if facts.chips == 1 or not facts.tells_chips:
            return
        if not self._feeder.at_work:
            self._chip_watch.begin(facts.chips, now)
            return
        interval = facts.chips * ticket.interval(facts, self._feeder.ticket_bits)
        silent, lost = self._chip_watch.silent(now, interval)
        if lost:
            self._tell(f"{self._board.name}: {named(lost)} stays silent; the others go on")
        if silent:
            raise SilentError(f"{self._board.name}: {named(silent)}", Remedy.REINIT)

    def _note_alive(self, chip: int | None, now: float) -> None:
        self._watchdog.alive(now)
        self._chip_watch.alive(chip, now)

    async def _raise_trouble(self) -> None:
        await self._troubled.wait()
        if self._trouble is not None:
            raise self._trouble

    def _note_trouble(self, error: StampmillError) -> None:
        """Let the server know what a call of the event loop ran into."""
        self._trouble = error
        self._troubled.set()

    def _report(self, facts: Facts) -> BoardReport:
        report = board_report(
            self._board,
            facts,
            self._intake.tally,
            seconds=self._clock() - self._opened_at,
            ticket_bits=self._feeder.ticket_bits,
            working=self._feeder.at_work,
            done={
                "jobs repeated": self._resent,
                "recoveries": self._recovery.recoveries,
                "nonces dropped": self._outbox.dropped,
            },
        )
        # What was read before it went cold tells nothing of now.
        return replace(report, temperatures=(), readings=()) if self._rest.is_long else report
