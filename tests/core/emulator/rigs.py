"""Chains without a line, driven by hand, with a clock that is a number."""

from random import Random
from typing import Any

from stampmill.core.backends.asic.chip import table
from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.wire.frames import ReplyReader
from stampmill.core.backends.asic.wire.replies import NonceReply, RegisterReply, Reply
from stampmill.core.emulator.chips.chain import EmulatedChain
from stampmill.core.emulator.chips.chip import ChipOptions
from stampmill.core.emulator.chips.searching import Engine, HashingEngine

BAUD = 115_200.0
ALL_CHIPS = (table.BM1370, table.BM1368, table.BM1366, table.BM1362, table.BM1397)


class Rig:
    """A chain at its host: what is said, and what comes back."""

    def __init__(
        self, chip: Chip, count: int = 1, *, engine: Engine | None = None, rate: float = 1e6,
        zero_bits: int = 12, **more: Any,
    ) -> None:  # fmt: skip
        self.now = 1.0
        options = ChipOptions(chip, rate / count, zero_bits)
        self.chain = EmulatedChain(
            options, count, engine or HashingEngine(), random=Random(1), **more
        )
        self.chips = self.chain.chips
        self.frames: list[bytes] = []
        self.times: list[float] = []

    def say(self, *requests: Any, baud: float = BAUD, pause: float = 0.01) -> list[Reply]:
        """Send requests or raw frames, each followed by a pause; return what is answered."""
        said: list[Reply] = []
        for request in requests:
            data = request if isinstance(request, bytes) else request.encode()
            self.chain.feed(data, self.now, baud)
            said += self._heard()
            if pause:
                said += self.wait(pause)
        return said

    def wait(self, seconds: float) -> list[Reply]:
        self.now += seconds
        self.chain.advance(self.now)
        return self._heard()

    def _heard(self) -> list[Reply]:
        sent = self.chain.sent()
        self.frames += [one.data for one in sent]
        self.times += [one.at for one in sent]
        return [read_reply(one.data) for one in sent]


def read_reply(frame: bytes) -> Reply:
    reader = ReplyReader((len(frame),))
    (reply,) = reader.feed(frame)
    return reply


def registers(replies: list[Reply]) -> list[RegisterReply]:
    return [reply for reply in replies if isinstance(reply, RegisterReply)]


def nonces(replies: list[Reply]) -> list[NonceReply]:
    return [reply for reply in replies if isinstance(reply, NonceReply)]
