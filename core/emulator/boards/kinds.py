"""Every kind of board that can be emulated, and how one is put together."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from stampmill.core.backends.asic.chip import table
from stampmill.core.backends.asic.chip.chain import MAX_CHIPS
from stampmill.core.backends.asic.chip.table import Chip
from stampmill.core.backends.asic.control.replies import Variant
from stampmill.core.emulator.boards.board import Board, Port
from stampmill.core.emulator.boards.control import ControlPort
from stampmill.core.emulator.boards.icarus import EmulatedIcarus, IcarusOptions
from stampmill.core.emulator.boards.telemetry import TelemetryPort
from stampmill.core.emulator.chips.chain import EmulatedChain
from stampmill.core.emulator.chips.chip import ChipOptions
from stampmill.core.emulator.chips.searching import Engine, HashingEngine
from stampmill.core.emulator.emulation import Emulation
from stampmill.core.emulator.faults import works
from stampmill.core.emulator.faults.catalogue import CHUNKINGS, NO_FAULTS, Faults, Name
from stampmill.core.emulator.faults.chips import ChipFaults
from stampmill.core.emulator.faults.replies import ReplyDamage
from stampmill.core.emulator.peripherals.board import POWERS, EmulatedPower
from stampmill.core.errors import UsageError

USUAL_TICKET_BITS = 8
"""What firmware writes: difficulty 256, about one nonce per second and TH/s."""
DEFAULT_RATE = 1e6
CONTROL_SUFFIX = ".control"


@dataclass(frozen=True, slots=True)
class BoardOptions:
    """What is emulated; None: what is usual for the kind. `rate` is the whole board's."""

    kind: str
    chips: int | None = None
    rate: float = DEFAULT_RATE
    zero_bits: int | None = None
    faults: Faults = NO_FAULTS
    seed: int = 1
    serial: str = "emulated-1"
    variant: Variant | None = None
    """What the firmware of its control port speaks; None: what is usual for the kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table: what it is, and what chips it has (None: not of Bitmain's)."""

    about: str
    chip: Chip | None = None
    chips: int = 1
    second: str = ""
    """What stands behind its second port: a kind of EmulatedPower, or telemetry."""
    usb_powered: bool = False


_LINE_FAULTS = {
    *CHUNKINGS, Name.LOST_BYTES, Name.DOUBLED_BYTES, Name.FLIPPED_BIT, Name.GARBAGE_AT_START,
    Name.UNPLUG,
}  # fmt: skip
"""What can go wrong with any board."""

_BARE = "a bare chain on a serial line, powered and out of reset"
KINDS: Mapping[str, Kind] = {
    "bm1370": Kind(_BARE, table.BM1370),
    "bm1366": Kind(_BARE, table.BM1366),
    "bm1368": Kind(_BARE, table.BM1368),
    "bm1362": Kind(_BARE, table.BM1362),
    "bm1397": Kind(_BARE, table.BM1397),
    "icarus": Kind("an FPGA that stops at the first nonce of a work"),
    "erupter": Kind("ASICMiner's Block Erupter USB", usb_powered=True),
    "bitaxe-gamma": Kind("a Bitaxe Gamma with bitaxe-raw", table.BM1370, second="bitaxe"),
    "bitaxe-hex": Kind("a Bitaxe Hex with bitaxe-raw", table.BM1366, 6, second="bitaxe-hex"),
    "bitaxe-turbo": Kind(
        "a Bitaxe GammaTurbo with bitaxe-raw", table.BM1370, 2, second="bitaxe-turbo"
    ),
    "emberone": Kind("an EmberOne00", table.BM1362, 12, second="emberone"),
    "gekko-a1": Kind(
        "GekkoScience's Compac A1", table.BM1362, second="telemetry", usb_powered=True
    ),
    "gekko-a2": Kind(
        "GekkoScience's Compac A2", table.BM1370, second="telemetry", usb_powered=True
    ),
    "gekko-f": Kind("GekkoScience's Compac F", table.BM1397, usb_powered=True),
}


def build(options: BoardOptions, engine: Engine | None = None) -> Board:
    """Return a board, powered as it is when plugged in; raise UsageError for what cannot be."""
    kind = _kind(options)
    zero_bits = _zero_bits(options, kind)
    make = _build_icarus if kind.chip is None else _build_chain
    return make(options, kind, zero_bits, engine)


def check_faults(name: str, faults: Faults) -> None:
    """Raise UsageError for a fault that a kind cannot have: none is silently left out."""
    kind = KINDS[name]
    power = POWERS[kind.second]().faults if kind.second in POWERS else frozenset()
    wrong = sorted(fault.value for fault in faults.power - power)
    if kind.chip is None:
        possible = _LINE_FAULTS | works.NAMES
        wrong += [fault.value for fault in faults.values if fault not in possible]
    if wrong:
        raise UsageError(f"a {name} cannot have the fault {', '.join(wrong)}")


def default_zero_bits(rate: float, ticket_bits: int) -> int:
    """Return the bits that make about one nonce a second, with what the ticket adds to them."""
    return min(max(round(math.log2(rate)) - ticket_bits, 1), 32)


def _kind(options: BoardOptions) -> Kind:
    if options.kind not in KINDS:
        raise UsageError(f"no board '{options.kind}' to emulate; there are {', '.join(KINDS)}")
    kind = KINDS[options.kind]
    most = 1 if kind.chip is None else MAX_CHIPS
    if options.chips is not None and not 1 <= options.chips <= most:
        raise UsageError(f"--chips {options.chips}: a {options.kind} has 1 to {most}")
    if not (1 <= options.rate < 1e15):
        raise UsageError(f"--hashrate {options.rate:g}: hashes per second, such as 1e6")
    if options.zero_bits is not None and not 1 <= options.zero_bits <= 32:
        raise UsageError(f"--zero-bits {options.zero_bits}: 1 to 32, as on silicon")
    if options.variant is not None and kind.second not in POWERS:
        raise UsageError(f"--firmware {options.variant.value}: a {options.kind} has no bridge")
    check_faults(options.kind, options.faults)
    return kind


def _zero_bits(options: BoardOptions, kind: Kind) -> int:
    if options.zero_bits is not None:
        return options.zero_bits
    return default_zero_bits(options.rate, 0 if kind.chip is None else USUAL_TICKET_BITS)


def _build_icarus(
    options: BoardOptions, kind: Kind, zero_bits: int, engine: Engine | None
) -> Board:
    del engine  # it is a search of another kind
    is_erupter = options.kind == "erupter"
    injected: Counter[str] = Counter()
    random = Random(options.seed)  # noqa: S311  it emulates, and repeats itself
    faults = works.WorkFaults(options.faults, random, injected)
    device = EmulatedIcarus(IcarusOptions(options.rate, zero_bits, goes_on=is_erupter), faults)
    port = _port(device, options, injected)
    return Board(
        options.kind, (port,), _facts(options, kind, zero_bits, 1), kind.about, injected,
        unplug_every=options.faults.values.get(Name.UNPLUG),
        on_unplugged=device.lose_power if kind.usb_powered else _stays_on, strike=device.strike,
    )  # fmt: skip


def _build_chain(options: BoardOptions, kind: Kind, zero_bits: int, engine: Engine | None) -> Board:
    assert kind.chip is not None  # noqa: S101  the caller looked
    count = options.chips or kind.chips
    injected: Counter[str] = Counter()
    random = Random(options.seed)  # noqa: S311  it emulates, and repeats itself
    faults = ChipFaults(options.faults, kind.chip, random, injected)
    easier = min(int(options.faults.values.get(Name.LOW_DIFFICULTY, 0)), zero_bits - 1)
    heeds_mask = Name.WIDE_ROLLING not in options.faults.values
    chip = ChipOptions(kind.chip, options.rate / count, zero_bits, easier, heeds_mask)
    chain = EmulatedChain(chip, count, engine or HashingEngine(), tampering=faults, random=random)
    ports = [_port(chain, options, injected), *_second_port(kind, chain, options)]
    return Board(
        options.kind, tuple(ports), _facts(options, kind, zero_bits, count), kind.about,
        injected, faults, options.faults.values.get(Name.UNPLUG),
        chain.reset if kind.usb_powered else _stays_on,
        lambda name, now: faults.strike(name, chain, now),
    )  # fmt: skip


def _stays_on(now: float) -> None:
    """Lose USB only: the board has a supply of its own."""


def _port(
    device: EmulatedChain | EmulatedIcarus, options: BoardOptions, injected: Counter[str]
) -> Port:
    random = Random(options.seed + 1)  # noqa: S311
    damage = ReplyDamage(options.faults, random, injected)
    garbage = int(options.faults.values.get(Name.GARBAGE_AT_START, 0))
    emulation = Emulation(
        device, chunking=options.faults.chunking, damage=damage, garbage=garbage, random=random
    )
    return Port(emulation)


def _second_port(kind: Kind, chain: EmulatedChain, options: BoardOptions) -> list[Port]:
    if kind.second == "telemetry":
        return [Port(Emulation(TelemetryPort(chain), is_usb=True), CONTROL_SUFFIX)]
    if kind.second:
        power = EmulatedPower(
            0.0, kind=kind.second, variant=options.variant, faults=options.faults.power,
            seed=options.seed,
        )  # fmt: skip
        return [_control_port(power, chain, options)]
    return []


def _control_port(power: EmulatedPower, chain: EmulatedChain, options: BoardOptions) -> Port:
    return Port(Emulation(ControlPort(power, chain, options.rate), is_usb=True), CONTROL_SUFFIX)


def _facts(options: BoardOptions, kind: Kind, zero_bits: int, chips: int) -> dict[str, object]:
    chip = kind.chip
    facts: dict[str, object] = {
        "kind": options.kind,
        "chip": chip.name if chip else None,
        "chips": chips,
        "zero_bits": zero_bits,
        "hashrate": options.rate,
        "mhz": chip.default_mhz if chip else None,
        "serial": options.serial,
    }
    return facts
