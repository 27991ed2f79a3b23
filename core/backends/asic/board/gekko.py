"""GekkoScience sticks: Compac and Terminus A1 (BM1362), A2 (BM1370), Compac F (BM1397)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from stampmill.core.backends.asic.board.bring_up import Sleep
from stampmill.core.backends.asic.board.chip_board import ChipBoard
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.link.adapter import LocatePort
from stampmill.core.backends.asic.link.emulation import Emulation, emulation_of
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import open_port
from stampmill.core.backends.asic.wire import gekko
from stampmill.core.errors import NoDeviceError, StampmillError, UsageError

# cgminer holds the BM1397's reset for a second, the others' for 30 ms; then it waits 200 ms.
_HELD = 1.0
_AFTER_RESET = 0.2


class ResetLine(Protocol):
    """The chips' reset, behind the adapter's own pins: a CP2105's latch, an FTDI's CBUS.

    One that cannot be used raises NoDeviceError.
    """

    async def hold(self) -> None:
        """Put the chips into reset."""

    async def release(self) -> None:
        """Let them run."""


class GekkoBoard(ChipBoard):
    """A stick. `telemetry` finds the port of the regulator, where there is one.

    `locate` and `telemetry` are asked at each bring-up, since a stick that was unplugged may come
    back under other names.

    Without a reset line the chips are taken as they are, at whatever rate an earlier run left them.
    """

    def __init__(
        self,
        name: str,
        settings: BoardSettings | None = None,
        *,
        locate: LocatePort | None = None,
        telemetry: LocatePort | None = None,
        reset_line: ResetLine | None = None,
        serial_number: str | None = None,
        opener: Callable[[str], Awaitable[Port]] = open_port,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(name, settings, sleep=sleep)
        if self.settings.volts is not None:
            raise UsageError(
                f"asic-voltage: {name} keeps its own; which voltages a GekkoScience stick bears is "
                "nowhere written down"
            )
        self._locate = locate or (lambda: name)
        self._telemetry = telemetry
        self._reset_line = reset_line
        self._serial_number = serial_number
        self._opener = opener
        self._regulator: Port | None = None
        self._data: Port | None = None

    @property
    def serial_number(self) -> str | None:
        """What the stick is known by under any port name."""
        return self._serial_number

    def emulation(self) -> Emulation | None:
        """Return what stands beside an emulator's link."""
        return emulation_of(self.name)

    async def power_up(self) -> Port:
        """Open the ports, switch the regulator on and let reset go."""
        if self._data is None:
            self._data = await self._opener(self._locate())
        if self._telemetry is not None and self._regulator is None:
            self._regulator = await self._opener(self._telemetry())
        await self._hold_reset()
        if self._regulator is not None:
            self._regulator.write(gekko.REGULATOR_ON)
            await self._regulator.drain()
        if self._reset_line is not None:
            await self._sleep(_HELD)
            await self._reset_line.release()
        await self._sleep(_AFTER_RESET)
        return self._data

    async def _hold_reset(self) -> None:
        """Put the chips into reset; a line that is out of reach is said once, and done without."""
        if self._reset_line is None:
            return
        try:
            await self._reset_line.hold()
        except NoDeviceError as error:
            self._reset_line = None
            self._notices.append(f"{self.name}: {error}; the chips are taken without a reset")

    async def power_down(self) -> None:
        """Put the chips into reset, switch the regulator off and close the ports."""
        regulator, data, self._regulator, self._data = self._regulator, self._data, None, None
        try:
            if regulator is not None:
                regulator.write(gekko.REGULATOR_OFF)
                await regulator.drain()
        finally:
            if data is not None and self._reset_line is not None:
                with suppress(StampmillError):  # unplugged, perhaps: then chips have no power
                    await self._reset_line.hold()
            for port in (regulator, data):
                if port is not None:
                    await port.close()
