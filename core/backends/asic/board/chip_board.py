"""What all boards of BM13xx chips have in common."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from stampmill.core.backends.asic.board.base import (
    BoardError,
    Facts,
    Found,
    Limits,
    LineCounters,
)
from stampmill.core.backends.asic.board.bring_up import Driver, Sleep, bring_up_chain
from stampmill.core.backends.asic.board.chip_line import ChipLine
from stampmill.core.backends.asic.board.inquiry import Inquiry
from stampmill.core.backends.asic.board.jobs import header_version
from stampmill.core.backends.asic.board.settings import BoardSettings
from stampmill.core.backends.asic.board.tuned_chain import TunedChain, quiet_for
from stampmill.core.backends.asic.chip.bringup import retune
from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.link.emulation import Emulation
from stampmill.core.backends.asic.link.port import Port
from stampmill.core.backends.asic.wire.replies import NonceReply
from stampmill.core.board_report import BoardReading, BoardTemperature
from stampmill.core.errors import UsageError
from stampmill.core.job import Work


class ChipBoard(ABC):
    """A Board but for its power: that is what each kind adds.

    `limit_mhz` is the board's own limit, beside the chip's. `volt_limits`, `volts` and
    `usual_volts` stay None where the core voltage is not ours to set.
    """

    kind = ""
    limit_mhz: float | None = None
    volt_limits: tuple[float, float] | None = None
    volts: float | None = None
    usual_volts: float | None = None

    def __init__(
        self, name: str, settings: BoardSettings | None = None, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.name = name
        self.settings = settings or BoardSettings()
        self._sleep = sleep
        self._line: ChipLine | None = None
        self._chip: Chip | None = None
        self._past = LineCounters()
        self._notices: list[str] = []
        self._overheard: list[NonceReply] = []

    @abstractmethod
    async def power_up(self) -> Port:
        """Return the open data port of chips that have power and are out of reset."""

    @abstractmethod
    async def power_down(self) -> None:
        """Leave the board cold, as far as that is ours to do, and close its ports."""

    def emulation(self) -> Emulation | None:
        """Return what an emulated board tells of itself; None for a real one."""
        return None

    @property
    def cools(self) -> bool:
        """Whether the chips' power is ours to take away."""
        return False

    @property
    def serial_number(self) -> str | None:
        """What the board is known by under any port name."""
        return None

    @property
    def identity(self) -> str:
        """Its serial number, an emulated one's as well; or else its name."""
        return self._number or self.name

    async def bring_up(self) -> Facts:
        """Give the board power, find its chips and make them ready."""
        self._close_line()
        port = await self.power_up()
        inquiry = Inquiry(port, quiet_for(self.emulation()))
        try:
            tuned, driver = await bring_up_chain(
                inquiry,
                self.settings,
                emulation=self.emulation(),
                limit_mhz=self.limit_mhz,
                sleep=self._sleep,
            )
        finally:
            self._remember_heard(inquiry)
        overheard, self._overheard = self._overheard, []
        self._line, self._chip = ChipLine(port, tuned, overheard), tuned.chain.chip
        self._notices += driver.notices
        self._past = _sum(self._past, LineCounters(repeated_writes=driver.repeated_writes))
        return tuned.facts(self.kind, self._number)

    async def reset(self) -> None:
        """Take power away, as far as it is ours; the next bring-up gives it back."""
        await self.stop()

    def set_ticket(self, bits: int) -> None:
        """Report only hashes with so many more zero bits from now on."""
        self._up.set_ticket(bits)

    def repeat_settings(self) -> None:
        """Send ticket and version mask again with the next job."""
        self._up.repeat_settings()

    def start(self, job_id: int, work: Work) -> None:
        """Hand a job to the line at once."""
        self._up.start(job_id, work)

    def job_seconds(self, work: Work) -> float:
        """Return after how long the chips need the next job."""
        return self._up.tuned.job_seconds(work, self._up.port.baud)

    def version(self, work: Work, found: Found) -> int | None:
        """Return the header version that a reply stands for."""
        return header_version(self._up.tuned.chain.chip, work, found.roll)

    async def hear(self) -> Sequence[Found]:
        """Return the next nonces."""
        return await self._up.hear()

    async def retune(self, mhz: float) -> Facts:
        """Bring running chips to another frequency, in steps."""
        line, tuned = self._up, self._up.tuned
        mhz = BoardSettings(mhz=mhz).mhz_for(tuned.chain.chip, self.limit_mhz)
        # Whatever brings the board up again: it is to be as it was.
        self.settings = replace(self.settings, mhz=mhz)
        driver = Driver(line.port, tuned, self._sleep)
        await driver.run(retune(tuned.chain, tuned.mhz, mhz))
        line.tuned = TunedChain(tuned.chain, mhz, tuned.emulation)
        return line.tuned.facts(self.kind, self._number)

    def limits(self) -> Limits:
        """Return the limits of its chips and its kind."""
        chip = self._known_chip
        highest = min(chip.max_mhz, self.limit_mhz or chip.max_mhz)
        usual = min(chip.default_mhz, highest)
        return Limits((chip.reset_mhz, highest), self.volt_limits, usual, self.usual_volts)

    def said(self) -> tuple[float | None, float | None]:
        """Return what the next bring-up sets; None: what is usual."""
        return self.settings.mhz, self.settings.volts

    def set_point(self, mhz: float | None, volts: float | None) -> None:
        """Say what the next bring-up sets."""
        limits = self.limits()
        if mhz is not None:
            replace(self.settings, mhz=mhz).mhz_for(self._known_chip, self.limit_mhz)
        if volts is not None:
            low, high = limits.volts or (volts + 1, volts - 1)
            if not low <= volts <= high:
                takes = f"takes {low:g} to {high:g} V" if limits.volts else "keeps its own voltage"
                raise UsageError(f"core voltage {volts:g} V: {self.name} {takes}")
        self.settings = replace(self.settings, mhz=mhz, volts=volts)

    def temperatures(self) -> Sequence[BoardTemperature]:
        """Return nothing, where there is no sensor."""
        return ()

    def readings(self) -> Sequence[BoardReading]:
        """Return nothing: nothing is measured."""
        return ()

    def counters(self) -> LineCounters:
        """Return what was wrong on the line, over all bring-ups."""
        return self._past if self._line is None else _sum(self._past, self._line.counters())

    def notices(self) -> Sequence[str]:
        """Return what the user should know since it was asked last."""
        notices, self._notices = self._notices, []
        if self._line is not None:
            notices += self._line.notices
            self._line.notices = []
        return notices

    async def stop(self) -> None:
        """Leave the board cold, as far as that is ours to do."""
        self._close_line()
        await self.power_down()

    @property
    def _number(self) -> str | None:
        told = self.emulation()
        return self.serial_number or (told.serial if told else None)

    @property
    def _known_chip(self) -> Chip:
        if self._chip is None:
            raise BoardError(f"{self.name} was never up")
        return self._chip

    @property
    def _up(self) -> ChipLine:
        if self._line is None:
            raise BoardError(f"{self.name} is not up")
        return self._line

    def _close_line(self) -> None:
        self._past = self.counters()
        self._line = None

    def _remember_heard(self, inquiry: Inquiry) -> None:
        """Count what came while the chips were set up, and keep the nonces for the line."""
        reader, nonces = inquiry.reader, inquiry.overheard
        heard = LineCounters(
            reader.discarded,
            reader.damaged,
            late_replies=inquiry.late_replies,
            nonces_during_bring_up=len(nonces),
        )
        self._past = _sum(self._past, heard)
        self._overheard += nonces


def _sum(one: LineCounters, other: LineCounters) -> LineCounters:
    return LineCounters(*(a + b for a, b in zip(one, other, strict=True)))
