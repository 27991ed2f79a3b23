"""Boards behind a bitaxe-raw bridge: a guardian has the control port, we have the data port."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stampmill.core.backends.asic.board.base import BoardError, Facts, Found
from stampmill.core.backends.asic.board.bring_up import Sleep
from stampmill.core.backends.asic.board.chip_board import ChipBoard
from stampmill.core.backends.asic.board.inquiry import Inquiry
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.board.tuned_chain import quiet_for
from stampmill.core.backends.asic.control.limits import Model
from stampmill.core.backends.asic.control.profile import Profile
from stampmill.core.backends.asic.control.thermal import HEAT_FAULTS
from stampmill.core.backends.asic.guardian.client import GuardianClient, GuardianError
from stampmill.core.backends.asic.guardian.messages import Report, Sensors, Stopped
from stampmill.core.backends.asic.link.emulation import Emulation, emulation_of
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import open_port
from stampmill.core.board_report import BoardReading, BoardTemperature
from stampmill.core.errors import UsageError

RESET_SECONDS = 0.2
"""From the release of reset until the chips are spoken to (mujina)."""


_UNITS = {"fan": "rpm", "input volts": "volts", "core volts": "volts"}
_CORE = {"core volts", "core amperes"}

STRIKES, STRIKE_SECONDS = 3, 600.0
"""So many stops in so long a time, and the board is left cold."""


@dataclass(frozen=True, slots=True)
class BoardPorts:
    """The two ports of a bridge, in the order of their USB interfaces."""

    control: str
    data: str


Locate = Callable[[], BoardPorts]
"""Where the board is now; raises NoDeviceError while it is unplugged."""

Opener = Callable[[str], Awaitable[Port]]

StartGuardian = Callable[[str, str, Callable[[Report], None]], Awaitable[GuardianClient]]
"""As `GuardianClient.start`: a control port, a profile's name, and who hears its reports."""


class GuardedBoard(ChipBoard):
    """A board whose power, cooling and reset are ours, and a guardian's when we are gone.

    `locate` is asked at each bring-up, since a board that was unplugged may come back under
    another name.
    """

    def __init__(
        self,
        name: str,
        profile: Profile,
        locate: Locate,
        settings: BoardSettings | None = None,
        *,
        serial_number: str | None = None,
        opener: Opener = open_port,
        start_guardian: StartGuardian = GuardianClient.start,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(name, settings, sleep=sleep)
        self.kind = profile.name
        self._start_guardian = start_guardian
        self._profile = profile
        self.locate = locate
        self._serial_number = serial_number
        self._opener = opener
        self._guard: GuardianClient | None = None
        self._port: Port | None = None
        self._data_path = ""
        self._was_hot = False
        self._last_sensors: Sensors | None = None
        self._stops: list[float] = []
        self._fault: asyncio.Future[str] | None = None

    @property
    def cools(self) -> bool:
        """Whether the chips' power is ours to take away."""
        return True

    @property
    def serial_number(self) -> str | None:
        """What the board is known by under any port name."""
        return self._serial_number

    def emulation(self) -> Emulation | None:
        """Return what stands beside an emulator's link."""
        return emulation_of(self._data_path)

    async def bring_up(self) -> Facts:
        """Give the board power, find its chips and make them ready; cold again if that fails."""
        try:
            return await super().bring_up()
        except BaseException as error:
            await self._let_go()
            if isinstance(error, GuardianError):
                raise BoardError(f"{self.name}: {error}") from error
            raise

    async def power_up(self) -> Port:
        """Power the board, ask its chip which board it is, and set what is right for that."""
        await self._let_go()
        self._last_sensors = None
        self._refuse_after_strikes()
        ports = self.locate()
        self._data_path = ports.data
        self._fault = asyncio.get_running_loop().create_future()
        self._guard = await self._start_guardian(ports.control, self._profile.name, self._hear_of)
        await self._guard.power_up(was_hot=self._was_hot)
        self._was_hot = False
        self._port = await self._opener(ports.data)
        await self._choose_model(self._guard, self._port)
        await self._release(self._guard)
        return self._port

    async def power_down(self) -> None:
        """Leave the board cold: reset low, no core voltage, the fan slow.

        What its guardian has stopped is cold already, and keeps its fan at full speed.
        """
        guard, stopped = self._guard, self._fault is not None and self._fault.done()
        try:
            if guard is not None and not stopped and not guard.ended.done():
                await guard.stop()
        except GuardianError as error:
            if guard is not None and not guard.ended.done():
                self._notices.append(f"{self.name}: {error}; its guardian goes on trying")
        finally:
            await self._let_go()

    async def hear(self) -> Sequence[Found]:
        """Return the next nonces; raise BoardError when the guardian stopped the board."""
        guard, fault = self._guard, self._fault
        if guard is None or fault is None:
            raise BoardError(f"{self.name} is not up")
        heard = asyncio.ensure_future(super().hear())
        try:
            news: set[asyncio.Future[Any]] = {heard, fault, guard.ended}
            await asyncio.wait(news, return_when=asyncio.FIRST_COMPLETED)
            if fault.done():
                raise BoardError(f"{self.name} was stopped: {fault.result()}")
            if guard.ended.done() and not heard.done():
                raise BoardError(f"{self.name}: guardian: {guard.ended.result()}")
            return heard.result()
        finally:
            heard.cancel()

    def temperatures(self) -> Sequence[BoardTemperature]:
        """Return what the guardian read last, and where it acts; a regulator sees to itself."""
        stop_at = self._profile.thermal.stop_at
        return tuple(
            BoardTemperature(name, value, None if "regulator" in name else stop_at)
            for name, value in self._shown()
            if "temperature" in name
        )

    def readings(self) -> Sequence[BoardReading]:
        """Return fan, voltages and the power of the chips, as the guardian read them last."""
        shown = dict(self._shown())
        readings = [
            BoardReading(unit, place, shown[place])
            for place, unit in _UNITS.items()
            if place in shown
        ]
        if shown.keys() >= _CORE:
            watts = shown["core volts"] * shown["core amperes"]
            readings.append(BoardReading("watts", "core", watts))
        return readings

    def _shown(self) -> Iterable[tuple[str, float]]:
        sensors = self._guard.sensors if self._guard is not None else self._last_sensors
        return sensors.values.items() if sensors is not None else ()

    async def _choose_model(self, guard: GuardianClient, port: Port) -> None:
        """Let the chips answer once, and hold the board to the limits of what they are."""
        await self._release(guard)
        chip_id, _ = await Inquiry(port, quiet_for(self.emulation())).identify()
        await guard.reset(high=False)
        model = self._profile.model(self.settings.chip_for(chip_id, self.name).id)
        if model is None:
            raise BoardError(
                f"{self.name}: no {self._profile.name} with chip {chip_id:04x} is known"
            )
        await guard.choose(model.chip_id)
        self.kind, self.limit_mhz = model.name, model.max_megahertz
        await self._set_volts(guard, model)

    async def _set_volts(self, guard: GuardianClient, model: Model) -> None:
        if self._profile.voltage is None:
            if self.settings.volts is not None:
                raise UsageError(f"{model.name}: its core voltage cannot be set")
            return
        wished = model.default_volts if self.settings.volts is None else self.settings.volts
        await guard.set_volts(model.check_volts(wished))
        self.volts, self.usual_volts = wished, model.default_volts
        self.volt_limits = (model.min_volts, model.max_volts)

    async def _release(self, guard: GuardianClient) -> None:
        await guard.reset(high=True)
        await self._sleep(RESET_SECONDS)

    def _refuse_after_strikes(self) -> None:
        """Raise BoardError for a board that its guardian had to stop again and again."""
        now = asyncio.get_running_loop().time()
        self._stops = [at for at in self._stops if at > now - STRIKE_SECONDS]
        if len(self._stops) >= STRIKES:
            raise BoardError(
                f"{self.name}: stopped {len(self._stops)} times in {STRIKE_SECONDS / 60:.0f} "
                "minutes to protect it: look at its fan, heat sink and supply"
            )

    def _hear_of(self, report: Report) -> None:
        if isinstance(report, Stopped) and self._fault is not None and not self._fault.done():
            self._stops.append(asyncio.get_running_loop().time())
            self._was_hot = report.kind in {fault.value for fault in HEAT_FAULTS}
            cold = "" if report.cold else "; it could not be confirmed that it is cold"
            self._fault.set_result(f"{report.text}{cold}")

    async def _let_go(self) -> None:
        """End the guardian, which leaves the board cold, and close the data port."""
        guard, self._guard = self._guard, None
        self._last_sensors = guard.sensors if guard is not None else self._last_sensors
        port, self._port = self._port, None
        if guard is not None:
            await guard.close()
        if port is not None:
            await port.close()
