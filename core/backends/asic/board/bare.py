"""Chips on a plain serial port: power, cooling and reset are somebody else's."""

import asyncio
from collections.abc import Awaitable, Callable

from stampmill.core.backends.asic.board.bring_up import Sleep
from stampmill.core.backends.asic.board.chip_board import ChipBoard
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.adapter import LocatePort
from stampmill.core.backends.asic.link.emulation import Emulation, emulation_of
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import open_port
from stampmill.core.errors import UsageError

Opener = Callable[[str], Awaitable[Port]]


class BareBoard(ChipBoard):
    """A hash board or a test jig on a USB-UART, or an emulated chain.

    `locate` is asked at each bring-up, where its adapter may come back under another name.
    """

    def __init__(
        self,
        name: str,
        settings: BoardSettings | None = None,
        *,
        locate: LocatePort | None = None,
        opener: Opener = open_port,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(name, settings, sleep=sleep)
        if self.settings.volts is not None:
            raise UsageError(f"asic-voltage: {name} has its power from elsewhere, not by this line")
        self._locate = locate or (lambda: name)
        self._opener = opener
        self._port: Port | None = None

    def emulation(self) -> Emulation | None:
        """Return what stands beside an emulator's link."""
        return emulation_of(self.name)

    async def power_up(self) -> Port:
        """Open the port."""
        if self._port is None:
            self._port = await self._opener(self._locate())
        return self._port

    async def power_down(self) -> None:
        """Close the port; the chips go on until they are out of work."""
        port, self._port = self._port, None
        if port is not None:
            await port.close()
