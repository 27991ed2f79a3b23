"""Does what a chip's plan says, and sees that the chips follow."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.board.inquiry import TRIES, Inquiry
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.board.tuned_chain import TunedChain, quiet_for
from stampmill.core.backends.asic.chip.bringup import Action, Check, Count, Send, SetBaud, plan
from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.link.emulation import Emulation
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import CHIP_BAUD
from stampmill.core.backends.asic.wire.commands import Command

Sleep = Callable[[float], Awaitable[None]]

_BAUDS = (CHIP_BAUD, 1_000_000, 3_125_000, 1_500_000)
"""Where chips may be: as after a reset, or where an earlier run has left them."""

_BAUD_PAUSE = 0.06  # factory firmware's, until the frame has left and the chips have gone over
# Register 0x08 reads back with another upper bit than was written.
_VALUE_MASK = 0x7FFFFFFF


async def bring_up_chain(
    port: Port,
    settings: BoardSettings,
    *,
    emulation: Emulation | None = None,
    limit_mhz: float | None = None,
    sleep: Sleep = asyncio.sleep,
) -> tuple[TunedChain, "Driver"]:
    """Find the chips on a port, set them up and bring them to their clock.

    They have power and are out of reset, at any line rate. Raise BoardError, PortGoneError, or
    UsageError for settings beyond the chip's or the board's limits.
    """
    chip_id, count = await _find(Inquiry(port, quiet_for(emulation)))
    chip = settings.chip_for(chip_id, port.name)
    settings.check_count(count, chip.name, port.name)
    tuned = TunedChain(
        Chain(chip, count, settings.domain), settings.mhz_for(chip, limit_mhz), emulation
    )
    driver = Driver(port, tuned, sleep)
    await driver.run(plan(tuned.chain, tuned.wish(settings.baud_for(chip))))
    return tuned, driver


class Driver:
    """Carries out a plan. `repeated_writes` counts those that the chips had not taken."""

    def __init__(self, port: Port, tuned: TunedChain, sleep: Sleep = asyncio.sleep) -> None:
        self.repeated_writes = 0
        self.notices: list[str] = []
        self._port = port
        self._chain = tuned.chain
        self._pace = tuned.pace
        self._sleep = sleep
        self._inquiry = Inquiry(port, tuned.quiet)

    async def run(self, actions: Iterable[Action]) -> None:
        """Do all of it; raise BoardError where the chips do not follow."""
        for action in actions:
            match action:
                case Send(frame, pause):
                    self._port.write(frame.encode())
                    await self._sleep(pause * self._pace)
                case Count():
                    await self._expect_all()
                case SetBaud(rate, command):
                    await self._raise_baud(rate, command)
                case Check(command):
                    await self._check(command)

    async def _expect_all(self) -> None:
        chip, answered = self._chain.chip, 0
        for _ in range(TRIES):
            answered = await self._inquiry.count(chip.id)
            if answered == self._chain.chips:
                return
        raise BoardError(
            f"{self._port.name}: {answered} of {self._chain.chips} {chip.name} chips answer"
        )

    async def _all_answer(self) -> bool:
        for _ in range(TRIES):
            if await self._inquiry.count(self._chain.chip.id) == self._chain.chips:
                return True
        return False

    async def _raise_baud(self, rate: int, command: Command) -> None:
        """Go over to a faster line together with the chips, or stay where they still answer."""
        before = self._port.baud
        if before == rate:
            return
        self._port.write(command.encode())
        await self._port.drain()
        await self._sleep(_BAUD_PAUSE)
        await self._port.set_baud(rate)
        if await self._all_answer():
            return
        await self._port.set_baud(before)
        if not await self._all_answer():
            raise BoardError(
                f"{self._port.name}: not all chips are heard at {rate} baud, nor at {before}; if "
                "the adapter is too slow, reset the board and leave asic-baud out"
            )
        self.notices.append(f"{self._port.name}: the line stays at {before} baud")

    async def _check(self, command: Command) -> None:
        """Write again what a chip did not take: nothing else tells that a write was lost."""
        wanted, values = command.value & _VALUE_MASK, dict[int, int]()
        for _ in range(TRIES):
            replies = await self._inquiry.read(command.register)
            values = {reply.address: reply.value & _VALUE_MASK for reply in replies}
            if all(values.get(address) == wanted for address in self._chain.addresses):
                return
            self.repeated_writes += 1
            self._port.write(command.encode())
        how = "does not read back as written" if values else "cannot be read back"
        self.notices.append(f"{self._port.name}: register {command.register:02x} {how}")


async def _find(inquiry: Inquiry) -> tuple[int, int]:
    """Return the chips' id and number, at whatever rate they are."""
    port, failures = inquiry.port, list[BoardError]()
    for baud in sorted(_BAUDS, key=lambda baud: baud != port.baud):
        if baud != port.baud:
            await port.set_baud(baud)
        try:
            return await inquiry.identify()
        except BoardError as error:
            failures.append(error)
    await port.set_baud(CHIP_BAUD)
    raise failures[0]
