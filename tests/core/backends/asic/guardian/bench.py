"""A keeper with an emulated board in front of it, a miner that ends when told, and one clock."""

from collections.abc import Callable, Iterable
from typing import Any

from stampmill.core.backends.asic.control.bitaxe import BITAXE
from stampmill.core.backends.asic.control.emberone import EMBERONE
from stampmill.core.backends.asic.control.replies import (
    Failure,
    Reply,
    ReplyReader,
    Variant,
    detect_variant,
)
from stampmill.core.backends.asic.control.requests import GpioGet, Request, encode_request
from stampmill.core.backends.asic.guardian.keeper import Keeper
from stampmill.core.backends.asic.guardian.line import LineError, NoAnswerError
from stampmill.core.backends.asic.guardian.messages import Order, Report
from stampmill.core.backends.asic.guardian.pipe import MinerGoneError
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.emulator.peripherals.board import EmulatedPower

PROFILES = {"bitaxe": BITAXE, "emberone": EMBERONE}
EXCHANGE_SECONDS = 0.002


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class BoardLine:
    """The control port of an emulated board, without a port."""

    def __init__(self, board: EmulatedPower, clock: Clock) -> None:
        self.board = board
        self.errors = 0
        self.asked = 0
        self.gone = False
        self._clock = clock
        self._reader = ReplyReader(board.variant)

    @property
    def variant(self) -> Variant:
        return self._reader.variant

    def detect(self, tries: int = 3) -> Variant:
        answer = self.board.feed(encode_request(0x2A, GpioGet(0)), self._clock.now)
        found = detect_variant(0x2A, answer)
        if found is None:
            raise NoAnswerError("no bitaxe-raw firmware")
        return found

    def ask(self, request: Request, seconds: float = 1.0, tries: int = 1) -> bytes:
        for left in reversed(range(tries)):
            try:
                return self._once(request, seconds)
            except LineError:
                self.errors += 1
                if not left:
                    raise
        raise AssertionError

    def _once(self, request: Request, seconds: float) -> bytes:
        if self.gone:
            raise PortGoneError("the test's port")
        self.asked += 1
        self._clock.advance(EXCHANGE_SECONDS)
        self._reader.expect(request)
        events = self._reader.feed(self.board.feed(encode_request(7, request), self._clock.now))
        if not events:
            self._clock.advance(seconds)
            raise NoAnswerError("nothing")
        [event] = events
        if isinstance(event, Failure):
            raise LineError(str(event))
        assert isinstance(event, Reply)
        return event.data


class Script:
    """A miner: gives orders as they are due, and ends after them, or where a hook says so."""

    def __init__(
        self,
        clock: Clock,
        orders: Iterable[tuple[float, Order]],
        ends_at: float,
        tick: Callable[[float], None],
    ) -> None:
        self.reports: list[Report] = []
        self.ends_at = ends_at
        self.before_pause: Callable[[], None] = lambda: None
        self._clock = clock
        self._orders = sorted(orders, key=lambda pair: pair[0])
        self._tick = tick

    def wait(self, seconds: float) -> Order | None:
        end = self._clock.now + seconds
        while True:
            self._check()
            if self._orders and self._orders[0][0] <= self._clock.now:
                return self._orders.pop(0)[1]
            if self._clock.now >= end:
                return None
            self._pass(min(0.05, end - self._clock.now))

    def pause(self, seconds: float) -> None:
        self.before_pause()
        self._check()
        while seconds > 1e-9:
            step = min(0.05, seconds)
            self._pass(step)
            seconds -= step
            self._check()

    def tell(self, report: Report) -> None:
        self.reports.append(report)

    def of(self, kind: type[Any]) -> list[Any]:
        return [report for report in self.reports if isinstance(report, kind)]

    def _pass(self, seconds: float) -> None:
        self._clock.advance(max(seconds, 1e-6))
        self._tick(self._clock.now)

    def _check(self) -> None:
        if self._clock.now >= self.ends_at:
            raise MinerGoneError("the miner has ended")


class Bench:
    """Orders are (seconds from the start, order)."""

    def __init__(
        self,
        *orders: tuple[float, Order],
        kind: str = "bitaxe",
        seconds: float = 60.0,
        **options: Any,
    ) -> None:
        self.clock = Clock()
        start = self.clock.now
        self.board = EmulatedPower(start, kind=kind, **options)
        self.line = BoardLine(self.board, self.clock)
        self.hooks: list[tuple[float, Callable[[], None]]] = []
        self.miner = Script(
            self.clock, [(start + at, order) for at, order in orders], start + seconds, self._tick
        )
        self._start = start
        self.keeper = Keeper(
            PROFILES[kind], self.line, self.miner, now=self.clock, sleep=self._sleep
        )

    def at(self, seconds: float, hook: Callable[[], None]) -> None:
        """Do something once, so many seconds after the start."""
        self.hooks.append((self._start + seconds, hook))

    def run(self) -> str:
        return self.keeper.run()

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self._tick(self.clock.now)

    def _tick(self, now: float) -> None:
        for hook in [hook for hook in self.hooks if hook[0] <= now]:
            self.hooks.remove(hook)
            hook[1]()
        self.board.tick(now)
