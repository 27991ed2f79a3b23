"""A chip's sequence worked out for one chain: frames to send, answers to wait for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from stampmill.core.backends.asic.chip import registers
from stampmill.core.backends.asic.chip.chain import Chain
from stampmill.core.backends.asic.chip.pll import Pll, pll_for, ramp
from stampmill.core.backends.asic.chip.sequences import PAUSE, Do, Step, To, Write, sequence_of
from stampmill.core.backends.asic.chip.table import SweepStart
from stampmill.core.backends.asic.wire.commands import (
    Command,
    chain_inactive,
    set_address,
    write,
)
from stampmill.core.backends.asic.wire.jobs import FullJob

_RAMP_PAUSE = 0.1
_RELAY_BOTH_WAYS = 3
# S21 Pro: gap 0x4f for the domain next to the host, with 65 chips from there on, and 0x13 for the
# last one, with 5.
_RELAY_GAP = 14
_PADS_1370 = 0x5AA55AA5
_DIVIDER = 0x0F0F0F00


@dataclass(frozen=True, slots=True)
class Wish:
    """What a chain is brought up to. `baud`: rate and register value, None: leave the line."""

    mhz: float
    ticket_bits: int
    version_mask: int = registers.VERSION_BITS
    baud: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """A frame to send, and the seconds to wait behind it."""

    frame: Command | FullJob
    pause: float = PAUSE


@dataclass(frozen=True, slots=True)
class Count:
    """Read the id of every chip: so many must answer as are expected."""


@dataclass(frozen=True, slots=True)
class SetBaud:
    """Tell the chips another rate, go over to it, see that they still answer, or go back."""

    rate: int
    command: Command


@dataclass(frozen=True, slots=True)
class Check:
    """Read a register of every chip; write it again where another value comes back."""

    command: Command


Action = Send | Count | SetBaud | Check


def plan(chain: Chain, wish: Wish) -> Iterator[Action]:
    """Yield what to do to bring a chain up."""
    for is_each, steps in groupby(sequence_of(chain.chip), _is_each):
        if is_each:
            yield from _for_each_chip(chain, [step for step in steps if isinstance(step, Write)])
        else:
            for step in steps:
                yield from _actions(step, chain, wish)


def retune(chain: Chain, start_mhz: float, mhz: float) -> Iterator[Send]:
    """Yield what to send to bring a running chain from one frequency to another."""
    for step_mhz in ramp(start_mhz, mhz):
        yield from _set_clock(chain, pll_for(step_mhz, chain.chip.pll))
    if mhz != start_mhz:
        yield from _sweep(chain, mhz)


def roll_versions(version_mask: int) -> Command:
    """Return what makes every chip roll versions within a mask."""
    return write(registers.VERSION_ROLLING, registers.version_rolling(version_mask))


def ticket(bits: int) -> Command:
    """Return what sets the ticket of every chip to so many zero bits beyond 32."""
    return write(registers.TICKET_MASK, registers.ticket_mask(bits))


def placeholder_id(chain: Chain) -> int | None:
    """Return the id of the job that means nothing; no real one may have it, for chips hash it."""
    return chain.chip.job_ids[-1] if _has_offsets(chain) else None


def sweep_length(chain: Chain, mhz: float) -> Command:
    """Return what sets how long a sweep is, for a frequency."""
    pll = pll_for(mhz, chain.chip.pll)
    return write(registers.SWEEP_LENGTH, chain.sweep_length(pll))


def _is_each(step: Step) -> bool:
    return isinstance(step, Write) and step.to is To.EACH


def _for_each_chip(chain: Chain, steps: Sequence[Write]) -> Iterator[Action]:
    for address in chain.addresses:
        for step in steps:
            yield Send(write(step.register, step.value, address), step.pause)


def _actions(step: Step, chain: Chain, wish: Wish) -> Iterator[Action]:  # noqa: PLR0912  one a step
    match step:
        case Write():
            yield from _writes(step, chain)
        case Do.ROLL:
            yield Send(roll_versions(wish.version_mask))
        case Do.COUNT:
            yield Count()
        case Do.ADDRESS:
            yield from _give_addresses(chain)
        case Do.TICKET:
            yield Send(ticket(wish.ticket_bits))
        case Do.RELAY:
            yield from _relays(chain)
        case Do.RAMP:
            yield from _ramp_up(chain, wish)
        case Do.PLACEHOLDER:
            job_id = placeholder_id(chain)
            if job_id is not None:
                yield Send(FullJob(job_id, bytes(76)))
        case Do.OFFSETS:
            yield from _offsets(chain)
        case Do.SWEEP:
            yield from _sweep(chain, wish.mhz)
        case Do.BAUD:
            if wish.baud is not None:
                rate, value = wish.baud
                yield SetBaud(rate, write(chain.chip.baud_register, value))
        case Do.CHECK:
            yield from _checks(chain, wish)


def _writes(step: Write, chain: Chain) -> Iterator[Send]:
    match step.to:
        case To.FIRST:
            addresses: tuple[int | None, ...] = (0,)
        case To.DOMAIN_LAST:
            addresses = tuple(last for _first, last in chain.domain_ends)
        case _:
            addresses = (None,)
    for address in addresses:
        yield Send(write(step.register, step.value, address), step.pause)


def _give_addresses(chain: Chain) -> Iterator[Send]:
    # As factory firmware does, to the end of the range: a chip that did not answer the count must
    # not keep the address of another. What is left over is ignored.
    yield Send(chain_inactive())
    for address in range(0, 256, chain.step):
        yield Send(set_address(address))


def _relays(chain: Chain) -> Iterator[Send]:
    if chain.domain:
        yield Send(write(registers.PADS, _PADS_1370))
    for number, (first, last) in enumerate(chain.domain_ends):
        gap = chain.chips - number * chain.domain + _RELAY_GAP
        for address in dict.fromkeys((first, last)):
            yield Send(write(registers.UART_RELAY, gap << 16 | _RELAY_BOTH_WAYS, address))


def _ramp_up(chain: Chain, wish: Wish) -> Iterator[Send]:
    for mhz in ramp(chain.chip.reset_mhz, wish.mhz):
        yield from _set_clock(chain, pll_for(mhz, chain.chip.pll))


def _set_clock(chain: Chain, pll: Pll) -> Iterator[Send]:
    if chain.chip.rolls_versions:
        yield Send(write(registers.PLL, pll.word), _RAMP_PAUSE)
        return
    # The BM1397 wants everything twice.
    yield Send(write(registers.PLL_DIVIDER, _DIVIDER))
    yield Send(write(registers.PLL_DIVIDER, _DIVIDER))
    yield Send(write(registers.PLL, pll.word))
    yield Send(write(registers.PLL, pll.word), _RAMP_PAUSE)


def _offsets(chain: Chain) -> Iterator[Send]:
    if _has_offsets(chain):
        for index, address in enumerate(chain.addresses):
            offset = registers.nonce_offset(index, chain.chips)
            yield Send(write(registers.NONCE_OFFSET, offset, address))


def _has_offsets(chain: Chain) -> bool:
    return chain.chips > 1 and chain.chip.start is SweepStart.OFFSET


def _sweep(chain: Chain, mhz: float) -> Iterator[Send]:
    if chain.chip.rolls_versions:
        yield Send(sweep_length(chain, mhz))


def _checks(chain: Chain, wish: Wish) -> Iterator[Check]:
    yield Check(ticket(wish.ticket_bits))
    if chain.chip.rolls_versions:
        yield Check(sweep_length(chain, wish.mhz))
        yield Check(roll_versions(wish.version_mask))
