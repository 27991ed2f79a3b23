"""A board's guardian in virtual time: the real one but for its process, pipes and clock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from stampmill.core.backends.asic.control.profiles import PROFILES
from stampmill.core.backends.asic.guardian.client import GuardianClient
from stampmill.core.backends.asic.guardian.keeper import Keeper
from stampmill.core.backends.asic.guardian.line import Line
from stampmill.core.backends.asic.guardian.messages import Lost, Report
from stampmill.core.backends.asic.guardian.pipe import OrderPipe
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.emulator.strand import Strand
from stampmill.core.errors import StampmillError

Opener = Callable[[str], Awaitable[Port]]


class VirtualGuardians:
    """Starts guardians at ports in memory; `start` fits a GuardedBoard."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._processes: list[_Process] = []

    async def start(
        self, port: str, profile: str, on_report: Callable[[Report], None]
    ) -> GuardianClient:
        """Start one and wait until it holds the board in reset; raise NoDeviceError."""
        process = _Process(await self._opener(port), profile)
        self._processes = [one for one in self._processes if one.returncode is None]
        self._processes.append(process)
        client = GuardianClient(process, on_report)
        process.begin()
        await client.wait_until_ready(port)
        return client

    async def close(self) -> None:
        """End those that still try to make a board cold."""
        await asyncio.gather(*(process.kill() for process in self._processes))


class _Channel:
    """A Channel of the guardian's: what comes in is fed by the event loop."""

    def __init__(self, strand: Strand, write: Callable[[bytes], None]) -> None:
        self._strand = strand
        self._write = write
        self._data = b""
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Take bytes, none for the end."""
        self._data += data
        self._ended = self._ended or not data
        self._strand.wake()

    def wait(self, seconds: float) -> None:
        if not (self._data or self._ended):
            self._strand.wait(seconds)

    def read(self) -> bytes:
        if self._ended and not self._data:
            raise EOFError
        data, self._data = self._data, b""
        return data

    def write(self, data: bytes) -> None:
        try:
            self._strand.call(lambda: self._write(data))
        except StampmillError as error:  # the port is gone, as the system would say it
            raise OSError(5, str(error)) from error


class _Input:
    """The miner's end of the pipe of orders: as much of a StreamWriter as is used."""

    def __init__(self, feed: Callable[[bytes], None]) -> None:
        self._feed = feed
        self._closed = False

    def write(self, data: bytes) -> None:
        self._feed(data)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._feed(b"")


class _Process:
    """Stands in for the guardian's process: what `guardian.__main__` does, as a strand."""

    pid = 0

    def __init__(self, port: Port, profile: str) -> None:
        self.stdout: asyncio.StreamReader | None = asyncio.StreamReader()
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._port = port
        self._profile = profile
        self._strand = Strand(self._main)
        self._line = _Channel(self._strand, port.write)
        self._orders = _Channel(self._strand, self.stdout.feed_data)
        self.stdin: asyncio.StreamWriter | None = cast(
            "asyncio.StreamWriter", _Input(self._orders.feed)
        )
        self._tasks: Sequence[asyncio.Task[None]] = ()

    def begin(self) -> None:
        self._tasks = (asyncio.create_task(self._pump()), asyncio.create_task(self._serve()))

    async def wait(self) -> int:
        await self._ended.wait()
        return self.returncode or 0

    async def kill(self) -> None:
        self._strand.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pump(self) -> None:
        while data := await self._port.read():
            self._line.feed(data)
        self._line.feed(b"")

    async def _serve(self) -> None:
        """Run the guardian to its end, then give back what it had."""
        self._strand.start()
        await self._strand.ended.wait()
        await self._port.close()
        self.returncode = 0
        assert self.stdout is not None  # noqa: S101  set above
        self.stdout.feed_eof()
        self._ended.set()

    def _main(self) -> None:
        orders = OrderPipe(self._orders, lambda: self._strand.now)
        line = Line(self._line, self._port.name, lambda: self._strand.now)
        keeper = Keeper(
            PROFILES[self._profile], line, orders,
            now=lambda: self._strand.now, sleep=self._strand.sleep,
        )  # fmt: skip
        try:
            keeper.run()
        except StampmillError as error:
            orders.tell(Lost(str(error)))
