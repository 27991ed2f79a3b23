"""Questions to chips whose answers are waited for, while they are being set up."""

import asyncio
from collections.abc import Sequence

from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.link.errors import PortGoneError
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.wire.commands import read
from stampmill.core.backends.asic.wire.frames import ReplyReader
from stampmill.core.backends.asic.wire.replies import RegisterReply, Reply

QUIET = 0.5
"""Seconds without an answer after which no more come (mujina)."""

TRIES = 3


class Inquiry:
    """Reads registers of every chip on a port, whichever form of reply they are set to."""

    def __init__(self, port: Port, quiet: float = QUIET) -> None:
        self.port = port
        self._quiet = quiet
        self.reader = ReplyReader()

    async def identify(self) -> tuple[int, int]:
        """Return the id of the chips on the line and how many there are.

        What else comes in is thrown away: old nonces, half frames, the noise of power coming up.
        Raise BoardError if nothing answers, or chips of several kinds do.
        """
        for _ in range(TRIES):
            ids = [reply.value >> 16 for reply in await self.read(registers.CHIP_ID)]
            if len(set(ids)) == 1:
                return ids[0], len(ids)
            if ids:
                named = ", ".join(f"{chip_id:04x}" for chip_id in sorted(set(ids)))
                raise BoardError(f"{self.port.name}: chips of several kinds answer: {named}")
        raise BoardError(f"{self.port.name}: no chip answers; is the board powered?")

    async def count(self, chip_id: int) -> int:
        """Return how many chips with this id answer."""
        replies = await self.read(registers.CHIP_ID)
        return sum(reply.value >> 16 == chip_id for reply in replies)

    async def read(self, register: int) -> list[RegisterReply]:
        """Return what every chip says of a register: all that comes until none has for a while.

        Chips that still hash on an earlier job go on sending nonces; those are dropped here.
        """
        self.port.write(read(register).encode())
        wanted: list[RegisterReply] = []
        loop = asyncio.get_running_loop()
        until = loop.time() + self._quiet
        while data := await self._data_before(until):
            if fresh := _values(self.reader.feed(data), register):
                wanted += fresh
                until = loop.time() + self._quiet
        return wanted + _values(self.reader.flush(), register)

    async def _data_before(self, until: float) -> bytes:
        """Return what comes in, or nothing once it is that late; raise PortGoneError."""
        try:
            async with asyncio.timeout_at(until):
                data = await self.port.read()
        except TimeoutError:
            return b""
        if not data:
            raise PortGoneError(self.port.name)
        return data


def _values(replies: Sequence[Reply], register: int) -> list[RegisterReply]:
    values = (reply for reply in replies if isinstance(reply, RegisterReply))
    return [value for value in values if value.register == register]
