"""Chips at their clock: what a chain is expected to do, and how long a job keeps it busy."""

from dataclasses import dataclass

from stampmill.core.backends.asic.board.base import Facts
from stampmill.core.backends.asic.board.inquiry import QUIET
from stampmill.core.backends.asic.chip.bringup import Wish, placeholder_id
from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.chip.pll import pll_for
from stampmill.core.backends.asic.link.emulation import Emulation
from stampmill.core.job import Work

LONGEST_JOB = 1.0
"""Seconds: with each new job the header's time goes on."""

_MAX_TICKET_BITS = 32
_SPARE = 0.75  # of a job's time is gone when the next one comes, as in ESP-Miner
_FRAME_BITS = 152 * 10  # of the longest job, four midstates
_EMULATED_PACE = 0.05
_EMULATED_QUIET = 0.2


@dataclass(frozen=True, slots=True)
class TunedChain:
    """A chain at a frequency; `emulation` where it is one."""

    chain: Chain
    mhz: float
    emulation: Emulation | None = None

    @property
    def pace(self) -> float:
        """By how much to stretch the pauses that silicon needs."""
        return 1.0 if self.emulation is None else _EMULATED_PACE

    @property
    def quiet(self) -> float:
        """Seconds of silence that end the answers to a question."""
        return quiet_for(self.emulation)

    @property
    def hashrate(self) -> float:
        """Return the expected hashes per second of all chips."""
        told = self.emulation.hashrate if self.emulation else None
        return told * self.mhz / self.chain.chip.default_mhz if told else self._nominal

    def wish(self, baud: tuple[int, int] | None) -> Wish:
        """Return what to bring the chain up to; tickets are set job by job."""
        return Wish(self.mhz, 0, baud=baud)

    def facts(self, kind: str = "", serial_number: str | None = None) -> Facts:
        """Return what the backend has to know."""
        chip, chips = self.chain.chip, self.chain.chips
        return Facts(
            kind=kind or f"{chip.name} x {chips}",
            chips=chips,
            hashrate=self.hashrate,
            zero_bits=32 if self.emulation is None else self.emulation.zero_bits,
            max_ticket_bits=_MAX_TICKET_BITS,
            job_ids=tuple(i for i in chip.job_ids if i != placeholder_id(self.chain)),
            versions=chip.versions_per_job,
            mhz=self.mhz,
            tells_chips=chips == 1 or chip.rolls_versions,
            serial_number=serial_number,
        )

    def job_seconds(self, work: Work, baud: int) -> float:
        """Return after how long the next job should come, as far as the line can keep up."""
        pll = pll_for(self.mhz, self.chain.chip.pll)
        seconds = self.chain.job_seconds(pll, len(work.versions)) * _SPARE
        slower = max(self._nominal / self.hashrate, 1.0)
        return min(max(seconds * slower, 2 * _FRAME_BITS / baud), LONGEST_JOB)

    @property
    def _nominal(self) -> float:
        return self.chain.chips * self.chain.chip.rate(self.mhz)


def quiet_for(emulation: Emulation | None) -> float:
    """Return the seconds of silence that end the answers to a question."""
    return QUIET if emulation is None else _EMULATED_QUIET
