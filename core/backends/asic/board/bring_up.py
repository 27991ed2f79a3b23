"""Does what a chip's plan says, and sees that the chips follow."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

from stampmill.core.backends.asic.board.base import BoardError
from stampmill.core.backends.asic.board.baud import BAUD_PAUSE, BAUDS, slow_down
from stampmill.core.backends.asic.board.inquiry import TRIES, Inquiry
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.board.tuned_chain import TunedChain
from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.chip.bringup import Action, Check, Count, Send, SetBaud, plan
from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.link.emulation import Emulation
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.link.serial_port import CHIP_BAUD
from stampmill.core.backends.asic.wire.commands import Command

Sleep = Callable[[float], Awaitable[None]]

# Register 0x08 reads back with another upper bit than was written.
_VALUE_MASK = 0x7FFFFFFF


async def bring_up_chain(
    inquiry: Inquiry,
    settings: BoardSettings,
    *,
    emulation: Emulation | None = None,
    limit_mhz: float | None = None,
    sleep: Sleep = asyncio.sleep,
) -> tuple[TunedChain, "Driver"]:
    """Find the chips on the port of an inquiry, set them up and bring them to their clock.

    They have power and are out of reset, at any line rate. How many they are is counted until it
    is sure, and by their addresses once they have some. Raise BoardError, PortGoneError, or
    UsageError for settings beyond the chip's or the board's limits.
    """
    port = inquiry.port
    chip_id, count = await _find(inquiry)
    chip = settings.chip_for(chip_id, port.name)
    if settings.chips not in {None, count}:
        count = await inquiry.count(chip_id, [count])
    answering, notices = count, list[str]()
    while True:
        settings.check_count(count, chip.name, port.name)
        mhz = settings.mhz_for(chip, limit_mhz)
        tuned = TunedChain(Chain(chip, count, settings.domain), mhz, emulation)
        driver = Driver(port, tuned, sleep, inquiry=inquiry, answering=answering)
        driver.notices, driver.is_last = notices, len(notices) == TRIES - 1
        try:
            await driver.run(plan(tuned.chain, tuned.wish(settings.baud_for(chip))))
        except _MiscountedError as error:
            notices.append(str(error))
            count, answering = error.chips, error.answering
        else:
            return tuned, driver


class _MiscountedError(BoardError):
    """A chain is of other length than it was set up for."""

    def __init__(self, name: str, before: int, chips: int, answering: int) -> None:
        silent = f", {chips - answering} of them silent" if answering < chips else ""
        super().__init__(f"{name}: {chips} chips{silent}, not {before}, as counted at first")
        self.chips, self.answering = chips, answering


class Driver:
    """Carries out a plan. `repeated_writes` counts those that the chips had not taken.

    `answering` is how many chips have a voice, of a chain where not all do. The one that `is_last`
    takes a chain as it is, and says what is odd about it.
    """

    def __init__(
        self,
        port: Port,
        tuned: TunedChain,
        sleep: Sleep = asyncio.sleep,
        *,
        inquiry: Inquiry | None = None,
        answering: int | None = None,
    ) -> None:
        self.repeated_writes = 0
        self.is_last = True
        self.notices: list[str] = []
        self.inquiry = inquiry or Inquiry(port, tuned.quiet)
        self._port = port
        self._chain = tuned.chain
        self._pace = tuned.pace
        self._sleep = sleep
        self._answering = tuned.chain.chips if answering is None else answering

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
        chain = self._chain
        count = await self.inquiry.count(chain.chip.id, [self._answering])
        if not count:
            raise BoardError(
                f"{self._port.name}: 0 of {chain.chips} {chain.chip.name} chips answer"
            )
        if count != self._answering:
            self._miscounted(count, count)

    async def _all_answer(self) -> bool:
        """Tell whether each chip answers by its address, at least once in a few questions."""
        heard: set[int] = set()
        for _ in range(TRIES):
            heard |= {reply.address for reply in await self.inquiry.read(registers.CHIP_ID)}
            if len(heard.intersection(self._chain.addresses)) >= self._answering:
                return True
        return False

    def _miscounted(self, chips: int, answering: int) -> None:
        error = _MiscountedError(self._port.name, self._chain.chips, chips, answering)
        if not self.is_last:
            raise error
        self.notices.append(str(error))

    async def _raise_baud(self, rate: int, command: Command) -> None:
        """Go over to a faster line together with the chips, or stay where they still answer."""
        before = self._port.baud
        if before == rate:
            return
        self._port.write(command.encode())
        await self._port.drain()
        await self._sleep(BAUD_PAUSE)
        await self.inquiry.let_pass()
        await self._port.set_baud(rate)
        if await self._all_answer():
            return
        await self._port.set_baud(before)
        if not await self._all_answer():
            await slow_down(self._port, self._chain.chip, rate, self._sleep)
            if not await self._all_answer():
                raise BoardError(
                    f"{self._port.name}: not all chips are heard at {rate} baud, nor at {before}, "
                    f"nor told to go back to {CHIP_BAUD}: reset the board, and leave asic-baud out"
                )
        self.notices.append(
            f"{self._port.name}: not all chips are heard at {rate} baud, so the line stays at "
            f"{self._port.baud}"
        )

    async def _check(self, command: Command) -> None:
        """Write again what a chip did not take: nothing else tells that a write was lost."""
        wanted, values = command.value & _VALUE_MASK, dict[int, int]()
        heard, addresses = Counter[int](), self._chain.addresses
        for _ in range(TRIES):
            replies = await self.inquiry.read(command.register)
            now = {reply.address: reply.value & _VALUE_MASK for reply in replies}
            heard.update(now.keys())
            values |= now
            is_right = sum(values.get(one) == wanted for one in addresses) >= self._answering
            if is_right and now.keys() <= set(addresses):
                return
            if not is_right:
                self.repeated_writes += 1
                self._port.write(command.encode())
        await self._look_at_addresses(heard)
        how = "does not read back as written" if values else "cannot be read back"
        self.notices.append(f"{self._port.name}: register {command.register:02x} {how}")

    async def _look_at_addresses(self, heard: Counter[int]) -> None:
        """See whether the chain is what it was taken for; `heard` is how often addresses were.

        One that is not of the chain has to come twice: damage may make anything of a reply.
        """
        chain = self._chain
        known = sum(address in heard for address in chain.addresses)
        behind = [a for a, times in heard.items() if times > 1 and a not in chain.addresses]
        if behind and all(address % chain.step == 0 for address in behind):
            self._miscounted(max(behind) // chain.step + 1, known + len(behind))
        elif heard and known < self._answering:
            count = await self.inquiry.count(chain.chip.id)
            self._miscounted(count or chain.chips, count or self._answering)


async def _find(inquiry: Inquiry) -> tuple[int, int]:
    """Return the chips' id and number, at whatever rate they are."""
    port, failures = inquiry.port, list[BoardError]()
    for baud in sorted(BAUDS, key=lambda baud: baud != port.baud):
        if baud != port.baud:
            await inquiry.let_pass()
            await port.set_baud(baud)
        try:
            return await inquiry.identify()
        except BoardError as error:
            failures.append(error)
    await port.set_baud(CHIP_BAUD)
    raise failures[0]
