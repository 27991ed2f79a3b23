"""A port in memory between a driver and an emulated board, on the clock of the event loop."""

import asyncio
from collections.abc import Callable

from stampmill.core.backends.asic.link.errors import NoPortError, PortBusyError, PortGoneError
from stampmill.core.emulator.emulation import Emulation

CHIP_BAUD = 115_200


class NullModem:
    """A cable to an emulated port. `tick` is how long a found nonce may lie unnoticed, in seconds.

    One driver at a time has it open. In virtual time it costs as much as there are ticks.
    """

    def __init__(self, name: str, emulation: Emulation, tick: float = 0.05) -> None:
        self.name = name
        self.emulation = emulation
        self.plugged = True
        self.on_write: Callable[[bytes], None] = lambda _data: None
        self._tick = tick
        self._port: MemoryPort | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def open(self, name: str) -> "MemoryPort":
        """Open the port; raise NoPortError, PortBusyError. Fits a board's `opener`."""
        if not self.plugged:
            raise NoPortError(f"no port '{name}'")
        if self._port is not None:
            raise PortBusyError(name, ("this process",))
        self._port = MemoryPort(self)
        self.turn()
        return self._port

    def unplug(self) -> None:
        """Take it away from whoever has it open."""
        self.plugged = False
        port, self._port = self._port, None
        if port is not None:
            port.lose()

    def plug_in(self) -> None:
        """Let it be opened again."""
        self.plugged = True

    def close(self) -> None:
        """Stop the board's time."""
        self._cancel()
        self._port = None

    def forget(self, port: "MemoryPort") -> None:
        """Let go of a port that its driver has closed; the board goes on."""
        if self._port is port:
            self._port = None

    def turn(self) -> None:
        """Let the board work until now, and come back when there is more."""
        self._cancel()
        loop = asyncio.get_running_loop()
        now, port = loop.time(), self._port
        for piece in self.emulation.poll(now, port.baud if port else 0.0):
            if port is not None:
                port.arrive(piece)
        at = self.emulation.next_at
        due = now + self._tick if at is None else min(max(at, now), now + self._tick)
        # A little later than due, so that rounding does not call it a turn too early.
        self._timer = loop.call_at(due + 1e-6, self.turn)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class MemoryPort:
    """The driver's end: a `Port` of the backend's."""

    def __init__(self, modem: NullModem) -> None:
        self.name = modem.name
        self.baud = CHIP_BAUD
        self._modem = modem
        self._data = bytearray()
        self._news = asyncio.Event()
        self._gone = False
        self._busy_until = 0.0

    async def read(self) -> bytes:
        """Return what has come; empty: unplugged or closed."""
        while not self._data and not self._gone:
            self._news.clear()
            await self._news.wait()
        data = bytes(self._data)
        self._data.clear()
        return data

    def write(self, data: bytes) -> None:
        """Send bytes; raise PortGoneError."""
        self._check()
        now = asyncio.get_running_loop().time()
        self._busy_until = max(now, self._busy_until) + len(data) * 10 / self.baud
        self._modem.on_write(data)
        self._modem.emulation.host_wrote(data, now, self.baud)
        self._modem.turn()

    async def drain(self) -> None:
        """Wait until the last byte has left; raise PortGoneError."""
        self._check()
        wait = self._busy_until - asyncio.get_running_loop().time()
        await asyncio.sleep(max(wait, 0.0))
        self._check()

    async def set_baud(self, baud: int) -> None:
        """Change the rate and forget what has come; raise PortGoneError."""
        self._check()
        self._modem.turn()
        self.baud = baud
        self._data.clear()

    async def close(self) -> None:
        """Give the port back."""
        self._modem.forget(self)
        self.lose()

    def arrive(self, data: bytes) -> None:
        """Take bytes from the board."""
        self._data += data
        self._news.set()

    def lose(self) -> None:
        """Be gone: reads end, writes fail."""
        self._gone = True
        self._news.set()

    def _check(self) -> None:
        if self._gone:
            raise PortGoneError(self.name)
