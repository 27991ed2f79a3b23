"""Questions to chips whose answers are waited for, while they are being set up."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.wire.commands import read
from stampmill.core.backends.asic.wire.frames import ReplyReader
from stampmill.core.backends.asic.wire.replies import NonceReply, RegisterReply, Reply

QUIET = 0.5
"""Seconds without an answer after which no more come (mujina)."""

TRIES = 3
_COUNTS = 6
"""How often chips are counted until a number has come twice."""


class Inquiry:
    """Reads registers of every chip on a port, whichever form of reply they are set to.

    Chips that still hash on an earlier job go on sending nonces: `overheard` keeps those.
    """

    def __init__(self, port: Port, quiet: float = QUIET) -> None:
        self.port = port
        self.reader = ReplyReader()
        self.overheard: list[NonceReply] = []
        self.late_replies = 0
        """Answers to a question that nobody waited for any more."""
        self._quiet = quiet

    async def identify(self) -> tuple[int, int]:
        """Return the id of the chips on the line and how many answered; that may be too few.

        What else comes in is passed over: half frames, the noise of power coming up. Raise
        BoardError if nothing answers, or chips of several kinds do each time.
        """
        ids: list[int] = []
        for _ in range(TRIES):
            ids = [reply.value >> 16 for reply in await self.read(registers.CHIP_ID)]
            if len(set(ids)) == 1:
                return ids[0], len(ids)
        if not ids:
            raise BoardError(f"{self.port.name}: no chip answers; is the board powered?")
        named = ", ".join(f"{chip_id:04x}" for chip_id in sorted(set(ids)))
        raise BoardError(f"{self.port.name}: chips of several kinds answer: {named}")

    async def count(self, chip_id: int, counted: Iterable[int] = ()) -> int:
        """Return how many chips with this id there are, given what was `counted` before.

        An answer may be lost, or come so late that it counts for the next question. So a number
        holds once it came twice, none once that came thrice; or else the largest: answers get lost
        more than they are made up.
        """
        numbers = Counter(counted)
        for _ in range(_COUNTS):
            replies = await self.read(registers.CHIP_ID)
            number = sum(reply.value >> 16 == chip_id for reply in replies)
            numbers[number] += 1
            if numbers[number] > (1 if number else 2):
                return number
        return max(numbers)

    async def read(self, register: int) -> list[RegisterReply]:
        """Return what every chip says of a register: all that comes until none has for a while."""
        await self.let_pass()
        self.port.write(read(register).encode())
        wanted: list[RegisterReply] = []
        loop = asyncio.get_running_loop()
        until = loop.time() + self._quiet
        while data := await self._data_before(until):
            if fresh := self._values(self.reader.feed(data), register):
                wanted += fresh
                until = loop.time() + self._quiet
        return wanted + self._values(self.reader.flush(), register)

    async def let_pass(self) -> None:
        """Take in what has come unasked; answers among it are too late for their question."""
        while data := await self._data_before(0.0):
            self._values(self.reader.feed(data), None)

    async def _data_before(self, until: float) -> bytes:
        """Return what comes in, or nothing once it is that late; raise PortGoneError.

        What lies there already is never too late, however long nobody had time to look.
        """
        for deadline in (until, 0.0):
            try:
                async with asyncio.timeout_at(deadline):
                    data = await self.port.read()
            except TimeoutError:
                continue
            if not data:
                raise PortGoneError(self.port.name)
            return data
        return b""

    def _values(self, replies: Sequence[Reply], register: int | None) -> list[RegisterReply]:
        """Return the answers about one register; keep or count what else there is."""
        self.overheard += [reply for reply in replies if isinstance(reply, NonceReply)]
        values = [reply for reply in replies if isinstance(reply, RegisterReply)]
        wanted = [value for value in values if value.register == register]
        self.late_replies += len(values) - len(wanted)
        return wanted
