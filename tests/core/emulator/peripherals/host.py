"""A host that does just what a list of steps says, with a clock of its own."""

from collections.abc import Iterable

from stampmill.core.backends.asic.control.replies import Failure, Reply, ReplyReader
from stampmill.core.backends.asic.control.requests import Request, encode_request
from stampmill.core.backends.asic.control.steps import (
    Ask,
    ExpectClear,
    Pause,
    SetBits,
    Step,
    read,
    write,
)
from stampmill.core.emulator.peripherals.board import EmulatedPower


class Host:
    def __init__(self, board: EmulatedPower) -> None:
        self.board = board
        self.now = 0.0
        self._reader = ReplyReader(board.variant)

    def ask(self, request: Request) -> bytes | Failure | None:
        self._reader.expect(request)
        answer = self.board.feed(encode_request(5, request), self.now)
        events = self._reader.feed(answer)
        if not events:
            event = self._reader.silence()
            return event if isinstance(event, Failure) else None
        [event] = events
        return event.data if isinstance(event, Reply) else event

    def run(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Pause(seconds):
                    self.wait(seconds)
                case Ask(_, request, accepts):
                    data = self.ask(request)
                    assert isinstance(data, bytes), f"{step}: {data}"
                    assert not accepts or data in accepts, f"{step}: {data.hex()}"
                case SetBits(_, address, register, bits):
                    data = self.ask(read(address, register, 1))
                    assert isinstance(data, bytes)
                    self.ask(write("", address, register, bytes([data[0] | bits])).request)
                case ExpectClear(_, address, register, bits):
                    data = self.ask(read(address, register, 2))
                    assert isinstance(data, bytes)
                    assert not int.from_bytes(data, "little") & bits

    def wait(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds * 20))):
            self.now += seconds / max(1, round(seconds * 20))
            self.board.tick(self.now)
