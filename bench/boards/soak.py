"""Hours of ten emulated boards with random faults, in virtual time, and what grows with them."""

import asyncio
import gc
from collections.abc import Sequence
from random import Random

from stampmill.bench.boards.balance import Balance, balance_of
from stampmill.bench.boards.world import Plan, Seat, World, mine
from stampmill.bench.pipeline.targets import Bound, Finding, Outcome, Target
from stampmill.bench.processes import holdings
from stampmill.core.emulator.boards.kinds import BoardOptions
from stampmill.core.emulator.faults.catalogue import parse

MEMORY = Target("boards-soak", "growth after a tenth of the time", 2.0, "MB")
THREADS = Target("boards-soak-threads", "threads gained", 0, "threads")
FILES = Target("boards-soak-files", "open files gained", 0, "files")
RATE = Target(
    "boards-soak-rate", "boards whose rate is within its interval", 1.0, "", Bound.AT_LEAST
)
WRONG = Target("boards-soak-wrong", "shares rejected, and duplicates submitted", 0, "")

TARGETS = (MEMORY, THREADS, FILES, RATE, WRONG)

BOARDS = 10
_RATE, _ZERO_BITS = 2.0**12, 10  # little hashing: a nonce a second at the ticket of such a board
# Few nonces are shares: the scheduler remembers 65,536 of those, and filling that is no leak.
_PLAN = {"share_bits": 20, "job_every": 15.0, "tick": 0.5, "keeps_shares": False}
_MEGABYTE = 1_000_000
_KINDS = ("bm1370", "bm1366", "bm1368", "bm1362", "bm1397")
_FAULTS = (
    "lost-bytes:20", "flipped-bit:20", "doubled-bytes:20", "forged:20", "split-reads",
    "duplicate:5", "stale:10", "unknown-job:10", "hardware-error:10", "duplicate-burst:100",
    "lost-request:50", "brown-out:300", "stall:400", "low-difficulty:1",
)  # fmt: skip


def measure(hours: float, seed: int = 1) -> Finding:
    """Mine for so many virtual hours; the same seed goes the same way."""
    if not holdings.available():
        return Finding([Outcome(target, None, "only Linux's /proc tells") for target in TARGETS])
    marks: list[holdings.Holdings] = []
    seconds = hours * 3600
    world = mine(
        Plan(seconds, **_PLAN),  # type: ignore[arg-type]  # each has its own type
        *boards(seed),
        meanwhile=lambda seats: _disturb(seats, seconds, seed, marks),
    )
    return Finding([*_growth(marks), _rates(world), _wrong(world, hours)])


def boards(seed: int) -> list[BoardOptions]:
    """Return ten boards, each with faults of its own."""
    random = Random(seed)
    return [
        BoardOptions(
            _KINDS[i % len(_KINDS)], rate=_RATE, zero_bits=_ZERO_BITS, seed=seed + i,
            faults=parse(random.sample(_FAULTS, 3)),
        )
        for i in range(BOARDS)
    ]  # fmt: skip


async def _disturb(
    seats: Sequence[Seat], seconds: float, seed: int, marks: list[holdings.Holdings]
) -> None:
    """Unplug a board every now and then; look at the process after a tenth and at the end."""
    random, loop = Random(seed), asyncio.get_running_loop()
    begun = loop.time()
    looks = [begun + seconds * 0.1, begun + seconds * 0.98]
    while looks:
        pause = random.uniform(50.0, 250.0)
        if loop.time() + pause + 10 >= looks[0]:
            await asyncio.sleep(max(looks.pop(0) - loop.time(), 0.0))
            gc.collect()
            marks.append(holdings.read())
            continue
        await asyncio.sleep(pause)
        modem = random.choice(seats).modem
        modem.unplug()
        await asyncio.sleep(2.0)
        modem.plug_in()


def _growth(marks: Sequence[holdings.Holdings]) -> list[Outcome]:
    early, late = marks
    growth = (late.resident - early.resident) / _MEGABYTE
    seen = f"{early.resident / _MEGABYTE:.1f} MB, then {late.resident / _MEGABYTE:.1f} MB"
    return [
        Outcome(MEMORY, growth, seen),
        Outcome(THREADS, late.threads - early.threads, f"{late.threads} at the end"),
        Outcome(FILES, late.files - early.files, f"{late.files} at the end"),
    ]


def _rates(world: World) -> Outcome:
    """Compare, board by board, the driver's nonces with those that the hashes made should give."""
    balances = [balance(seat) for seat in world.seats]
    texts = [f"{one.nonces} of {one.expected:.0f} ({one.deviation:+.1f} sd)" for one in balances]
    even = sum(one.is_even for one in balances)
    return Outcome(RATE, even / len(balances), f"nonces of expected: {', '.join(texts)}")


def balance(seat: Seat) -> Balance:
    """Return how a board's nonces compare with what its chips did."""
    telemetry = seat.backend.telemetry()
    chips = telemetry.board.chips if telemetry.board else ()
    hashes = telemetry.hashes.get(seat.modem.name, 0)
    return balance_of(seat.board.counters(), sum(chip.nonces for chip in chips), hashes)


def _wrong(world: World, hours: float) -> Outcome:
    shot = world.shot
    counts = [world.counts(number) for number in range(len(world.seats))]
    facts: dict[str, object] = {
        "virtual_hours": hours,
        "boards": len(world.seats),
        "nonces": sum(count["nonces"] for count in counts),
        "recoveries": sum(count["recoveries"] for count in counts),
    }
    detail = (
        f"{shot.accepted} accepted, {shot.stale} stale, {world.source.jobs} jobs, "
        f"{facts['nonces']} nonces, {facts['recoveries']} recoveries in {hours:g} virtual hours"
    )
    return Outcome(WRONG, shot.rejected + shot.duplicates, detail, facts)
