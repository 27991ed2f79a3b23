"""One connection of a misbehaving pool: a port to the session, a session to the port."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from typing import Protocol

from stampmill.pool.server.chaos.scenario import Said, Scenario
from stampmill.pool.server.desk import Port
from stampmill.pool.server.events import CloseReason
from stampmill.pool.server.session import MinerSession
from stampmill.pool.stratum.drops import UnusableMessageError
from stampmill.pool.stratum.framing import LineReader, LineTooLongError
from stampmill.pool.stratum.json_line import Json, decode_line

_REMEMBERED_REQUESTS = 1000


class ReadingPort(Port, Protocol):
    """A port whose reading can be stopped."""

    def stop_reading(self) -> None:
        """Leave what the miner sends in the system's buffers."""


class ChaosLink:
    """Passes every line through the scenarios, in their order; counts each change by their name."""

    def __init__(
        self,
        port: ReadingPort,
        scenarios: Sequence[tuple[str, Scenario]],
        acted: Counter[str],
        line_limit: int,
    ) -> None:
        self.session: MinerSession | None = None
        self._port = port
        self._scenarios = scenarios
        self._cutters = [
            (name, one) for name, one in scenarios if type(one).segments is not Scenario.segments
        ]
        self._acted = acted
        self._reader = LineReader(line_limit)
        self._methods: OrderedDict[str, str] = OrderedDict()
        self._acting = ""
        self._closed = False

    @property
    def peer(self) -> str:
        """The miner's address."""
        return self._port.peer

    # The pool's side: a Port.

    def write(self, data: bytes) -> None:
        """Send lines as the scenarios have them."""
        for raw in data.splitlines(keepends=True):
            self._pass_on([raw], self._scenarios)

    def close(self) -> None:
        """End the connection."""
        self._closed = True
        self._port.close()

    # The miner's side.

    def opened(self, session: MinerSession) -> None:
        """Begin, once the pool has taken the connection."""
        self.session = session
        for name, scenario in self._scenarios:
            self._acting = name
            scenario.opened(self)

    def receive(self, data: bytes, now: float) -> None:
        """Take what the miner sent; the pool sees the lines that no scenario withholds."""
        if self.session is None or self._closed:
            return
        self._reader.feed(data)
        try:
            while (line := self._reader.next_line()) is not None:
                if self._may_pass(line):
                    self.session.receive(line + b"\n", now)
        except LineTooLongError:
            self.session.close(CloseReason.LINE_TOO_LONG)

    def tick(self, now: float) -> None:
        """Let the scenarios look at the clock."""
        for name, scenario in self._scenarios:
            if not self._closed:
                self._acting = name
                scenario.tick(now, self)

    # What a scenario may do.

    def inject(self, *lines: bytes) -> None:
        """Send lines of a scenario's own."""
        self._acted[self._acting] += 1
        for line in lines:
            self._send(line)

    def emit(self, data: bytes) -> None:
        """Write bytes as they are."""
        self._acted[self._acting] += 1
        self._write(data)

    def hang_up(self) -> None:
        """Close the connection."""
        self._acted[self._acting] += 1
        if self.session is not None:
            self.session.close(CloseReason.CHAOS)

    def stop_reading(self) -> None:
        """Leave what the miner sends in the system's buffers from now on."""
        self._acted[self._acting] += 1
        self._port.stop_reading()

    def _may_pass(self, line: bytes) -> bool:
        method = self._note(line)
        for name, scenario in self._scenarios:
            self._acting = name
            if not scenario.asked(method, self):
                self._acted[name] += 1
                return False
        return not self._closed

    def _note(self, line: bytes) -> str:
        """Remember which method a request's id stands for, and return the method."""
        message = _decoded(line)
        method = str(message.get("method") or "")
        self._methods[_key(message.get("id"))] = method
        if len(self._methods) > _REMEMBERED_REQUESTS:
            self._methods.popitem(last=False)
        return method

    def _pass_on(self, lines: Iterable[bytes], left: Sequence[tuple[str, Scenario]]) -> None:
        """Hand lines to the first scenario, what it makes of them to the next, then to the wire."""
        for raw in lines:
            if not left:
                self._send(raw)
                continue
            name, scenario = left[0]
            self._acting = name
            changed = tuple(scenario.said(self._said(raw), self))
            self._acted[name] += changed != (raw,)
            self._pass_on(changed, left[1:])

    def _said(self, raw: bytes) -> Said:
        message = _decoded(raw)
        is_answer = "method" not in message
        return Said(raw, message, self._methods.get(_key(message.get("id"))) if is_answer else None)

    def _send(self, line: bytes) -> None:
        pieces: tuple[bytes, ...] = (line,)
        for name, scenario in self._cutters:
            self._acting = name
            cut = tuple(part for piece in pieces for part in scenario.segments(piece, self))
            self._acted[name] += cut != pieces
            pieces = cut
        for piece in pieces:
            self._write(piece)

    def _write(self, data: bytes) -> None:
        if not self._closed:
            self._port.write(data)


def _decoded(line: bytes) -> dict[str, Json]:
    try:
        return decode_line(line)
    except UnusableMessageError:
        return {}


def _key(message_id: Json) -> str:
    return repr(message_id)
