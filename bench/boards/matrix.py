"""Every kind of board at every fault that it can have: what is lost, and how long it takes.

In virtual time: the same every time, and a board's minute takes a tenth of a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stampmill.bench.boards.world import MASK, Plan, Seat, World, mine
from stampmill.core.backends.asic.wire.icarus import NONCE_SIZE
from stampmill.core.backends.asic.wire.replies import SHORT_REPLY
from stampmill.core.chain.target import meets_target
from stampmill.core.emulator.boards.control import ControlPort
from stampmill.core.emulator.boards.kinds import KINDS, BoardOptions, check_faults
from stampmill.core.emulator.faults.catalogue import Name, parse
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.errors import UsageError

STEADY = (
    "lost-bytes:5", "doubled-bytes:5", "flipped-bit:5", "wrong-crc:5", "forged:5", "split-reads",
    "random-reads", "usb-packets", "garbage-at-start:200", "lost-request:20", "lost-write:a4",
    "lost-write:14", "lost-write:10", "lost-write:18", "duplicate", "duplicate-burst:20", "stale",
    "unknown-job", "hardware-error", "low-difficulty", "silent-chip:2", "dead-chip:2",
)  # fmt: skip
"""What is wrong from the start on; boards mine all the same."""

STRIKES = ("stall", "brown-out", "brown-out-one")
UNPLUG = "unplug"
POWER = tuple(sorted(fault.value for fault in PowerFault))
SUDDEN = (*STRIKES, UNPLUG, *POWER)
"""What goes wrong while a board mines: once, or for some seconds."""

KIND_NAMES = tuple(KINDS)

_CHIPS = {"bm1362": 4}
_RATE, _ZERO_BITS, _SHARE_BITS, _TICK = 2.0**14, 8, 12, 0.5
_BEGIN = 6.0
_WITHOUT_USB, _WITHOUT_POWER = 2.0, 12.0
# Faults of the regulator's that last longer are three stops in a row, and then the board is left.
_WITHOUT_REGULATOR = {"over-current": 1.0, "under-voltage": 1.0}
_SECONDS = {
    "brown-out-one": 42.0, "stall": 26.0, "brown-out": 26.0, UNPLUG: 16.0, "over-current": 16.0,
    "under-voltage": 16.0, "stuck-fan": 75.0,
}  # fmt: skip
_POWER_SECONDS = 26.0
_START = 1000.0  # of virtual time

_HEARD = (
    "nonces", "duplicate", "low difficulty", "hardware error", "foreign version", "unknown job",
    "unexpected replies", "placeholder nonces",
)  # fmt: skip
"""All that a driver may make of a nonce."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one kind of board at one fault.

    `wrong` shares do not solve their work, or were submitted before. `uncounted` nonces arrived
    whole and are in none of the driver's counters. `recovery` is, in seconds, how long a sudden
    fault's end was from the next share, with the board set up again if that was needed; of a steady
    one, the longest time without a share. `stopped_after` is how long it took a guardian to put the
    chips into reset; None: it did not.
    """

    kind: str
    fault: str
    injected: int
    shares: int
    wrong: int
    uncounted: int
    recovery: float
    recoveries: int
    stopped_after: float | None = None


def possible(kind: str, fault: str) -> bool:
    """Tell whether a kind of board can have a fault, one of a single chip only where are more."""
    faults = parse([fault])
    try:
        check_faults(kind, faults)
    except UsageError:
        return False
    of_one = {Name.SILENT_CHIP, Name.DEAD_CHIP, Name.BROWN_OUT_ONE} & faults.values.keys()
    return not of_one or _CHIPS.get(kind, KINDS[kind].chips) > 1


def run(fault: str, seconds: float = 45.0, kinds: Sequence[str] = KIND_NAMES) -> list[Cell]:
    """Let a fault happen to a board of each kind that can have it, all of them in one miner.

    Steady ones take so many virtual seconds, sudden ones as long as they need.
    """
    kinds = [kind for kind in kinds if possible(kind, fault)]
    if fault in SUDDEN:
        return _run_sudden(fault, kinds)
    world = mine(_plan(seconds), *(_options(kind, fault) for kind in kinds))
    return [_cell(world, number, fault) for number in range(len(kinds))]


def _plan(seconds: float) -> Plan:
    return Plan(seconds, share_bits=_SHARE_BITS, tick=_TICK)


def _options(kind: str, *faults: str) -> BoardOptions:
    has_ticket = KINDS[kind].chip is not None
    zero_bits = _ZERO_BITS if has_ticket else _SHARE_BITS
    return BoardOptions(kind, _CHIPS.get(kind), _RATE, zero_bits, parse(faults), seed=7)


def _run_sudden(fault: str, kinds: Sequence[str]) -> list[Cell]:
    stopped: dict[int, float] = {}
    if fault in STRIKES:
        disturb, lasts = _struck(Name(fault)), 0.0
    elif fault == UNPLUG:
        disturb, lasts = _unplugged, _WITHOUT_USB
    else:
        lasts = _WITHOUT_REGULATOR.get(fault, _WITHOUT_POWER)
        disturb = _at_power(PowerFault(fault), lasts, stopped)
    plan = _plan(_SECONDS.get(fault, _POWER_SECONDS))
    world = mine(plan, *map(_options, kinds), meanwhile=disturb)
    end = _START + _BEGIN + lasts
    return [_cell(world, number, fault, end, stopped.get(number)) for number in range(len(kinds))]


def _struck(name: Name) -> Callable[[Sequence[Seat]], Awaitable[None]]:
    async def disturb(seats: Sequence[Seat]) -> None:
        await asyncio.sleep(_BEGIN)
        for seat in seats:
            seat.board.strike(name, asyncio.get_running_loop().time())

    return disturb


async def _unplugged(seats: Sequence[Seat]) -> None:
    await asyncio.sleep(_BEGIN)
    for seat in seats:
        seat.board.injected[UNPLUG] += 1
        seat.unplug()
    await asyncio.sleep(_WITHOUT_USB)
    for seat in seats:
        seat.plug_in()


def _at_power(
    fault: PowerFault, lasts: float, stopped: dict[int, float]
) -> Callable[[Sequence[Seat]], Awaitable[None]]:
    async def disturb(seats: Sequence[Seat]) -> None:
        await asyncio.sleep(_BEGIN)
        for seat in seats:
            seat.board.injected[fault.value] += 1
            _control(seat).power.faults.add(fault)
        begun = asyncio.get_running_loop().time()
        while (passed := asyncio.get_running_loop().time() - begun) < lasts:
            for number, seat in enumerate(seats):
                if not _control(seat).power.chips_awake:
                    stopped.setdefault(number, passed)
            await asyncio.sleep(0.1)
        for seat in seats:
            _control(seat).power.faults.discard(fault)

    return disturb


def _control(seat: Seat) -> ControlPort:
    device = seat.board.ports[1].emulation.device
    assert isinstance(device, ControlPort)  # noqa: S101  only such boards have these faults
    return device


def _cell(
    world: World,
    number: int,
    fault: str,
    end: float | None = None,
    stopped_after: float | None = None,
) -> Cell:
    seat, counts = world.seats[number], world.counts(number)
    times = _share_times(world, seat)
    injected = seat.board.counters().get(f"fault {fault.partition(':')[0]}", 0)
    return Cell(
        kind=seat.board.kind,
        fault=fault,
        injected=int(injected),
        shares=len(times),
        wrong=_wrong(world, seat),
        uncounted=_uncounted(seat, counts),
        recovery=_longest_gap(times) if end is None else _back_after(seat, times, end),
        recoveries=counts["recoveries"],
        stopped_after=stopped_after,
    )


def _share_times(world: World, seat: Seat) -> list[float]:
    pairs = zip(world.source.shares, world.source.share_times, strict=True)
    return [at for share, at in pairs if share.nonce.device == seat.modem.name]


def _wrong(world: World, seat: Seat) -> int:
    seen, wrong = set(), 0
    for share in world.source.shares:
        nonce, work = share.nonce, share.nonce.work
        if nonce.device != seat.modem.name:
            continue
        header = work.header(nonce.nonce, nonce.version, nonce.ntime)
        good = meets_target(header.hash(), work.job.share_target)
        allowed = (nonce.version ^ work.job.version) & ~MASK == 0
        wrong += not good or not allowed or header.to_bytes() in seen
        seen.add(header.to_bytes())
    return wrong


def _uncounted(seat: Seat, counts: dict[str, int]) -> int:
    arrived = int(seat.board.counters().get("nonces_arrived", 0))
    # What is on the line when the run ends has been sent, and heard by nobody.
    size = SHORT_REPLY if KINDS[seat.board.kind].chip else NONCE_SIZE
    on_its_way = -(-seat.board.ports[0].emulation.waiting // size)
    return max(arrived - on_its_way - sum(counts.get(name, 0) for name in _HEARD), 0)


def _longest_gap(times: Sequence[float]) -> float:
    return max((b - a for a, b in pairwise(times)), default=float("inf"))


def _back_after(seat: Seat, times: Sequence[float], end: float) -> float:
    """Return how long after a fault's end the first share came of a board that is up again."""
    ups = [at for at, line in seat.told if line.endswith("is back") and at >= end]
    since = max([end, *ups])
    return min((at - end for at in times if at >= since), default=float("inf"))
