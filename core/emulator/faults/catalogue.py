"""The names of all faults, what their parameters mean, and how the command line gives them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from stampmill.core.emulator.line.wire import Chunking
from stampmill.core.emulator.peripherals.faults import PowerFault
from stampmill.core.errors import UsageError


class Name(Enum):
    """One thing that goes wrong on the line or in the chips."""

    LOST_BYTES = "lost-bytes"
    DOUBLED_BYTES = "doubled-bytes"
    FLIPPED_BIT = "flipped-bit"
    WRONG_CRC = "wrong-crc"
    FORGED = "forged"
    SPLIT_READS = "split-reads"
    RANDOM_READS = "random-reads"
    USB_PACKETS = "usb-packets"
    GARBAGE_AT_START = "garbage-at-start"
    LOST_REQUEST = "lost-request"
    LOST_WRITE = "lost-write"
    BAUD_MISMATCH = "baud-mismatch"
    DEAD_CHIP = "dead-chip"
    SILENT_CHIP = "silent-chip"
    STALL = "stall"
    WRONG_CHIP = "wrong-chip"
    BROWN_OUT = "brown-out"
    BROWN_OUT_ONE = "brown-out-one"
    DUPLICATE = "duplicate"
    DUPLICATE_BURST = "duplicate-burst"
    STALE = "stale"
    UNKNOWN_JOB = "unknown-job"
    HARDWARE_ERROR = "hardware-error"
    LOW_DIFFICULTY = "low-difficulty"
    WIDE_ROLLING = "wide-rolling"
    UNPLUG = "unplug"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a fault does, the parameter it has when none is given, and what that counts."""

    text: str
    default: float
    unit: str
    base: int = 10


_REPLIES = "one reply in N"
_NONCES = "one nonce in N"
_SECONDS = "every N seconds"

CATALOGUE: dict[Name, Entry] = {
    Name.LOST_BYTES: Entry("1 to 10 bytes of a reply never arrive", 20, _REPLIES),
    Name.DOUBLED_BYTES: Entry("a fragment of a reply comes twice", 20, _REPLIES),
    Name.FLIPPED_BIT: Entry("one bit of a reply is wrong", 20, _REPLIES),
    Name.WRONG_CRC: Entry("a reply's check sum is wrong", 20, _REPLIES),
    Name.FORGED: Entry("random bytes whose check sum is right", 20, _REPLIES),
    Name.SPLIT_READS: Entry("every byte comes by itself", 0, ""),
    Name.RANDOM_READS: Entry("replies are cut anywhere", 0, ""),
    Name.USB_PACKETS: Entry("62 bytes at a time, or what there is after 16 ms (FTDI)", 0, ""),
    Name.GARBAGE_AT_START: Entry("random bytes wait for whoever opens the port", 100, "N bytes"),
    Name.LOST_REQUEST: Entry("a frame of the host's is lost", 50, "one frame in N"),
    Name.LOST_WRITE: Entry("the first write to a register is lost", 0xA4, "register, hex", 16),
    Name.BAUD_MISMATCH: Entry("chips told to go faster take half the rate", 0, ""),
    Name.DEAD_CHIP: Entry("a chip is dead, and all behind it unreachable", 0, "index, nearest 0"),
    Name.SILENT_CHIP: Entry("a chip hears and forwards, but sends nothing", 0, "index, nearest 0"),
    Name.STALL: Entry("jobs are taken, no nonce comes, until addressed anew", 20, _SECONDS),
    Name.WRONG_CHIP: Entry("chips say they are of another kind", 0x1372, "id, hex", 16),
    Name.BROWN_OUT: Entry("all chips fall back to their state after a reset", 20, _SECONDS),
    Name.BROWN_OUT_ONE: Entry("one chip falls back to its state after a reset", 20, _SECONDS),
    Name.DUPLICATE: Entry("a nonce comes twice", 5, _NONCES),
    Name.DUPLICATE_BURST: Entry("a nonce comes 200 times, 11.8 ms apart", 50, _NONCES),
    Name.STALE: Entry("a nonce comes only after the next job", 5, _NONCES),
    Name.UNKNOWN_JOB: Entry("a nonce bears the id of no job", 5, _NONCES),
    Name.HARDWARE_ERROR: Entry("a nonce does not solve its job", 5, _NONCES),
    Name.LOW_DIFFICULTY: Entry("nonces with fewer zero bits than the ticket asks", 1, "N bits"),
    Name.WIDE_ROLLING: Entry("chips roll all 16 version bits, whatever the pool allows", 0, ""),
    Name.UNPLUG: Entry("the port vanishes, and is back 2 s later by another name", 20, _SECONDS),
}

CHUNKINGS = {
    Name.SPLIT_READS: Chunking.BYTES,
    Name.RANDOM_READS: Chunking.RANDOM,
    Name.USB_PACKETS: Chunking.USB,
}


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong with one device: by name, with parameters, and on its power side."""

    values: dict[Name, float]
    power: frozenset[PowerFault] = frozenset()

    @property
    def chunking(self) -> Chunking:
        """How reads are cut."""
        return next(
            (how for name, how in CHUNKINGS.items() if name in self.values), Chunking.FRAMES
        )


NO_FAULTS = Faults({})


def parse(texts: Iterable[str]) -> Faults:
    """Return the faults of some `NAME[:PARAMETER]`; raise UsageError naming the one at fault."""
    values: dict[Name, float] = {}
    power = set()
    for text in texts:
        name, colon, parameter = text.partition(":")
        if name in _POWER_NAMES and not colon:
            power.add(PowerFault(name))
        elif name in _NAMES:
            values[Name(name)] = _parameter(Name(name), text, parameter, given=bool(colon))
        else:
            raise UsageError(f"no fault '{name}'{_suggestion(name)}; --fault list prints them all")
    return Faults(values, frozenset(power))


def listing() -> str:
    """Return every fault with what it does."""
    lines = ["on the line and in the chips (NAME[:N]):"]
    for name, entry in CATALOGUE.items():
        unit = f" ({entry.unit}; {_shown(entry)})" if entry.unit else ""
        lines.append(f"  {name.value:<18}{entry.text}{unit}")
    lines.append("on the power side of boards behind bitaxe-raw:")
    lines.append(f"  {', '.join(sorted(_POWER_NAMES))}")
    return "\n".join(lines)


_NAMES = {name.value for name in Name}
_POWER_NAMES = {fault.value for fault in PowerFault}


def _parameter(name: Name, text: str, parameter: str, *, given: bool) -> float:
    entry = CATALOGUE[name]
    if not given:
        return entry.default
    try:
        value = float(parameter) if entry.base == 10 else int(parameter, entry.base)
    except ValueError:
        value = -1
    if not entry.unit or value < 0 or value == float("inf"):
        raise UsageError(f"fault '{text}': {entry.unit or 'it takes no parameter'}")
    return value


def _shown(entry: Entry) -> str:
    return f"{int(entry.default):x}" if entry.base == 16 else f"{entry.default:g}"


def _suggestion(name: str) -> str:
    near: Sequence[str] = get_close_matches(name, _NAMES | _POWER_NAMES, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
