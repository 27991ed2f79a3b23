"""One emulated BM13xx chip: registers, an address, and a search that goes as fast as they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import NamedTuple

from stampmill.core.backends.asic.chip import registers as r
from stampmill.core.backends.asic.chip.nonces import chunk_of
from stampmill.core.backends.asic.chip.pll import CRYSTAL_MHZ, RAMP_STEP_MHZ, pll_of_word
from stampmill.core.backends.asic.chip.table import Chip, SweepStart
from stampmill.core.backends.asic.wire.jobs import MidstateJob
from stampmill.core.backends.asic.wire.replies import NonceReply, RegisterReply
from stampmill.core.emulator.chips import ticket
from stampmill.core.emulator.chips.registers import (
    ERROR_COUNTER,
    HASH_COUNTER,
    HASH_COUNTERS,
    TEMPERATURE,
    RegisterFile,
)
from stampmill.core.emulator.chips.searching import AnyJob, Batch, Engine, Found
from stampmill.core.emulator.chips.sweep import Course, Sweeper

DEAF_SECONDS = 0.005
"""After a reset (inferred: drivers wait 100 to 200 ms)."""
ODD_SUB_CORES = 0.04
"""Replies whose sub-core is not the low bits of their version: 8 % in S19j Pro captures."""

# BM1366's epochs (ESP-Miner pull request 167) need 136 crystal ticks besides 2 * HCN in each batch.
_GAP_TICKS = 136
_QUARTERS = 4
# Degrees = code * 0.171342 - 299.5144 (BM1368); this is 53.4 degC, as captured.
_TEMPERATURE_CODE = 0x8000080C
# From 50 MHz after a reset, captured drivers go to 56.25 or 62.5 at once.
_FIRST_STEP_MHZ, _ROUNDING_MHZ = 12.5, 1.0
# Eight bits for 168 cores: inferred, no capture of a chain of these chips is known.
_OLD_CORE_SHIFT, _CORE_SHIFT = 24, 25


@dataclass(frozen=True, slots=True)
class ChipOptions:
    """What is emulated. `rate` is one chip's hashes per second at its default frequency.

    A nonce is reported at `zero_bits` zero bits, 32 on silicon, and what the ticket adds to them;
    `easier` takes bits off the ticket, as a fault; without `heeds_mask` it rolls all 16
    version bits whatever register A4 says.
    """

    chip: Chip
    rate: float
    zero_bits: int = 32
    easier: int = 0
    heeds_mask: bool = True


class Solution(NamedTuple):
    """A nonce that a chip reports, the time it was found at and what it was found for.

    One that was not `asked` for is easier than the ticket: a fault.
    """

    at: float
    reply: NonceReply
    job: AnyJob
    asked: bool = True


class EmulatedChip:
    """Knows no line: a chain hands it what reaches it."""

    def __init__(self, options: ChipOptions, engine: Engine, random: Random) -> None:
        self.options = options
        self.addressed = False
        self.forwards = True
        self.deaf_until = 0.0
        self.hashes_before = 0
        self.odd_clocks = 0
        """PLL words outside the chip's limits; taken all the same."""
        self.clock_jumps = 0
        """Steps larger than the ramps of all current drivers have."""
        self.registers = RegisterFile(options.chip, {})
        self._engine = engine
        self._random = random
        self._job: AnyJob | None = None
        self._sweeper: Sweeper | None = None
        self._at = 0.0
        self._speed: float | None = None
        """Counts per second, None since a register was written."""

    @property
    def address(self) -> int:
        """Given by the host, 0 after a reset."""
        return self.registers.address

    @property
    def hashes(self) -> int:
        """Tested since the start."""
        return self.hashes_before + (self._sweeper.hashes if self._sweeper else 0)

    @property
    def rate(self) -> float:
        """Hashes per second at the present clock, if there is a job."""
        return self.options.rate * self.registers.mhz / self.options.chip.default_mhz

    @property
    def ticket_bits(self) -> int:
        """Zero bits that the ticket asks for, beside the usual ones."""
        return self._selected.bit_count()

    def reset(self, now: float) -> None:
        """Forget everything, as after a reset or a brown-out."""
        self._end_job()
        self._speed = None
        self.registers = RegisterFile(self.options.chip, {})
        self.addressed, self.forwards = False, True
        self.deaf_until = now + DEAF_SECONDS

    def close(self) -> None:
        """Chain inactive: stop forwarding, and wait for an address."""
        self.addressed = self.forwards = False

    def take_address(self, address: int) -> None:
        """Accept an address, and forward from now on."""
        self.registers.address = address
        self.addressed = self.forwards = True

    def write(self, register: int, value: int) -> None:
        """Store a value; what it changes takes effect at once."""
        self._speed = None
        if register == r.PLL:
            self._watch_clock(value)
        self.registers.written[register] = value
        if self._sweeper is not None and self._job is not None and register in _COURSE_REGISTERS:
            self._sweeper.go_over(self._course(self._job))

    def read(self, register: int) -> RegisterReply:
        """Answer a read command."""
        extra = bytes(2) if self.registers.long_replies else b""
        return RegisterReply(self._measured(register), self.address, register, extra)

    def take_job(self, job: AnyJob, now: float) -> None:
        """Drop the job before, and begin this one with its first version."""
        self._end_job()
        self._at = now
        self._job = job
        self._sweeper = Sweeper(self._engine.search, self._course(job))

    def advance(self, now: float) -> list[Solution]:
        """Hash until now."""
        begin, self._at = self._at, now
        job, sweeper = self._job, self._sweeper
        if job is None or sweeper is None:
            return []
        if self._speed is None:
            self._speed = self._counts_per_second
        counts_per_second = self._speed
        if not counts_per_second:
            return []
        return [
            Solution(begin + gone / counts_per_second, self.reply(found, batch), job, asked)
            for gone, found, batch in sweeper.advance((now - begin) * counts_per_second)
            if self.reports(found)
            for asked in (not self.options.easier or self._passes(found, 0),)
        ]

    def reports(self, found: Found) -> bool:
        """Tell whether what was found leaves the chip: the ticket, and the core's enable bit."""
        core = found.word >> self._shift
        return self._is_enabled(core) and self._passes(found, self.options.easier)

    def _passes(self, found: Found, easier: int) -> bool:
        return ticket.passes(found.digest, self.options.zero_bits - easier, self._selected)

    def reply(self, found: Found, batch: Batch) -> NonceReply:
        """Return how the chip reports it."""
        chip, counter = self.options.chip, batch.counters[found.slot]
        sub_core = counter % chip.sub_cores
        if chip.rolls_versions and self._random.random() < ODD_SUB_CORES:
            sub_core = self._random.randrange(chip.sub_cores)
        asked = self.options.zero_bits + self.ticket_bits
        excess = max(ticket.leading_zeros(found.digest) - asked, 0)
        chunk = chunk_of(chip, batch.job.job_id, sub_core, excess)
        version = counter if self.registers.long_replies else None
        return NonceReply(found.word.to_bytes(4, "big"), chunk, version)

    @property
    def course(self) -> Course | None:
        """What it goes through now."""
        return self._course(self._job) if self._job is not None else None

    @property
    def epoch_seconds(self) -> float:
        """How long it takes for all versions to be swept: then they are swept again."""
        course = self.course
        if course is None or not self._counts_per_second:
            return 0.0
        batches = -(-len(course.counters) // course.width)
        return batches * (course.active + course.gap) / self._counts_per_second

    def _watch_clock(self, word: int) -> None:
        """Take note of what a board's supply or a chip might not stand."""
        limits, pll = self.options.chip.pll, pll_of_word(word, self.options.chip.pll)
        low, high = limits.vco_mhz
        if pll is None or pll.feedback not in limits.feedback or not low <= pll.vco_mhz <= high:
            self.odd_clocks += 1
        elif self.options.chip.rolls_versions:
            is_first = r.PLL not in self.registers.written
            most = _FIRST_STEP_MHZ if is_first else RAMP_STEP_MHZ
            self.clock_jumps += abs(pll.mhz - self.registers.mhz) > most + _ROUNDING_MHZ

    def _end_job(self) -> None:
        self.hashes_before = self.hashes
        self._job = self._sweeper = None

    @property
    def _shift(self) -> int:
        return _CORE_SHIFT if self.options.chip.rolls_versions else _OLD_CORE_SHIFT

    @property
    def _selected(self) -> int:
        return ticket.selected_bits(self.registers.value(r.TICKET_MASK))

    @property
    def _counts_per_second(self) -> float:
        chip = self.options.chip
        if self._sweep_length == 0:  # written as 0 it stops the chip (BM1370, mujina)
            return 0.0
        return self.rate / (chip.cores * chip.sub_cores)

    @property
    def _sweep_length(self) -> int | None:
        """Register 0x10, None while it was never written."""
        written = self.registers.written.get(r.SWEEP_LENGTH)
        return written if self.options.chip.rolls_versions else None

    def _course(self, job: AnyJob) -> Course:
        chip, length = self.options.chip, self._sweep_length
        ticks_to_counts = self.registers.mhz / CRYSTAL_MHZ
        zero_bits = self.options.zero_bits - self.options.easier
        zero_bits += ticket.certain_zeros(self._selected)
        return Course(
            Batch(job, (0,), chip.cores, self._shift, self._start, zero_bits),
            self._counters(job),
            chip.sub_cores,
            # One unit of the sweep's length is two ticks of the crystal.
            (1 << self._shift) if length is None else 2 * length * ticks_to_counts,
            0.0 if length is None else _GAP_TICKS * ticks_to_counts,
        )

    @property
    def _start(self) -> int:
        chip = self.options.chip
        if not chip.rolls_versions:
            return self.address << 16  # the upper byte of what is left: inferred
        if chip.start is SweepStart.ADDRESS:
            return self.address >> 1 << 18
        offset = self.registers.value(r.NONCE_OFFSET)
        return (offset & 0xFFFF) << 9 if offset >> 31 else 0

    def _counters(self, job: AnyJob) -> Sequence[int]:
        if isinstance(job, MidstateJob):
            return range(max(min(job.used, len(job.midstates)), 1))
        return _counters_within(self.registers.version_mask if self.options.heeds_mask else 0xFFFF)

    def _is_enabled(self, core: int) -> bool:
        """Tell whether register 0x18 lets this core report (bits 31 to 28, BM1362 and later)."""
        chip = self.options.chip
        if not chip.rolls_versions:
            return True
        bits = self.registers.value(r.MISC_CONTROL) >> 28
        if chip.start is SweepStart.OFFSET:  # the map is known of the BM1370 alone
            return bool(bits >> core * _QUARTERS // chip.cores & 1)
        return bool(bits)

    def _measured(self, register: int) -> int:
        hashed = self.hashes >> self.options.zero_bits & 0xFFFFFFFF  # the scale is inferred
        if register == HASH_COUNTER and self.options.chip.rolls_versions:
            return hashed
        if register in HASH_COUNTERS and self.options.chip.rolls_versions:
            return hashed // len(HASH_COUNTERS)
        if register == TEMPERATURE and self.registers.measures_temperature:
            return _TEMPERATURE_CODE
        return 0 if register == ERROR_COUNTER else self.registers.read(register)


_COURSE_REGISTERS = frozenset(
    (r.PLL, r.NONCE_OFFSET, r.SWEEP_LENGTH, r.TICKET_MASK, r.VERSION_ROLLING)
)


@lru_cache(maxsize=8)
def _counters_within(mask: int) -> Sequence[int]:
    """Return all version counters within a mask, upwards (inferred: captures know FFFF only)."""
    if mask == 0xFFFF:
        return range(1 << 16)
    counters = [0]
    for bit in (1 << shift for shift in range(16)):
        if mask & bit:
            counters += [counter | bit for counter in counters]
    return tuple(counters)
