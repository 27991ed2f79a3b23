"""The fewest cycles that a kernel's operations take: what a core's ports allow.

A core is known by its vendor, family and model. Sources: AMD's and Intel's optimization manuals and
uops.info for what goes to which port; "measured" for what a microbenchmark of ours found.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cache

from stampmill.bench.host import machine
from stampmill.kernels.counts import operations
from stampmill.kernels.errors import GeneratorError

# The instructions of the hand-written kernels, a hash: once for each version, and once for all.
_HAND_WRITTEN: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "shani": {"sha256rnds2": (60, 0), "sha256msg1": (10, 8), "sha256msg2": (11, 11)},
    "armv8": {"sha256h": (29, 0), "sha256h2": (30, 0), "sha256su0": (10, 8), "sha256su1": (11, 11)},
}
_SHIFTS = ("rotr", "shr", "shl", "insert")


@dataclass(frozen=True, slots=True)
class Ports:
    """Vector operations that begin in one cycle: all, of them additions, of them shifts."""

    all: float
    additions: float
    shifts: float


@dataclass(frozen=True, slots=True)
class Core:
    """A row. `ports` by the width of a vector in bits; `pair` is the cycles of one sha256rnds2.

    `adders` is how many additions of general registers can begin in a cycle.
    """

    name: str
    source: str
    vendor: str
    family: int
    models: Container[int]
    ports: Mapping[int, Ports]
    adders: int
    pair: float | None = None
    flag: str = ""  # has to be among the CPU's flags: a virtual machine may give any model


@dataclass(frozen=True, slots=True)
class Limit:
    """What a hash takes: operations by their names, and the cycles that the core allows at best."""

    operations: Mapping[str, float]
    cycles: float | None
    core: Core | None

    @property
    def total(self) -> float:
        """All operations."""
        return sum(self.operations.values())


def limit(kernel: str, lanes: int, versions: int, core: Core | None) -> Limit | None:
    """Return what is known of a kernel, or None: nothing counts a foreign one's operations."""
    if kernel in _HAND_WRITTEN:
        counts = _hand_written(kernel, versions)
        return Limit(counts, _pairs(counts, core), core)
    try:
        batch = operations(_row(kernel, lanes), versions)
    except GeneratorError:
        return None
    counts = {name: count / lanes for name, count in batch.by_name.items()}
    ports = core.ports.get(32 * lanes) if core else None
    return Limit(counts, _busiest(batch.by_name, ports) / lanes if ports else None, core)


@cache
def this_core() -> Core | None:
    """Return the row of this CPU, or None."""
    return core_of(machine.first_processor())


def core_of(cpu: Mapping[str, str]) -> Core | None:
    """Return the row of a CPU by its fields in /proc/cpuinfo, or None."""
    try:
        family, model = int(cpu["cpu family"]), int(cpu["model"])
    except (KeyError, ValueError):
        return None
    vendor, flags = cpu.get("vendor_id"), cpu.get("flags", "").split()
    for core in CORES:
        known = (core.vendor, core.family) == (vendor, family)
        if known and (core.flag in flags if core.flag else model in core.models):
            return core
    return None


def _hand_written(kernel: str, versions: int) -> dict[str, float]:
    return {name: own + all_ / versions for name, (own, all_) in _HAND_WRITTEN[kernel].items()}


def _pairs(counts: Mapping[str, float], core: Core | None) -> float | None:
    """Return the cycles of the rounds: the schedule's instructions have other ports to go to."""
    return counts.get("sha256rnds2", 0) * core.pair if core and core.pair else None


def _busiest(counts: Mapping[str, float], ports: Ports) -> float:
    return max(
        sum(counts.values()) / ports.all,
        counts.get("add", 0) / ports.additions,
        sum(counts.get(name, 0) for name in _SHIFTS) / ports.shifts,
    )


def _row(kernel: str, lanes: int) -> str:
    """Numba's kernel is the generator's, as wide as the host's vectors."""
    return {16: "avx512", 8: "avx2"}.get(lanes, "") if kernel == "numba" else kernel


_NARROW_INTEL = {256: Ports(3, 3, 2), 128: Ports(3, 3, 2)}  # p015; shifts p01
_WIDE_INTEL = {512: Ports(2, 2, 1), **_NARROW_INTEL}  # p0 and p5; shifts p0
_AMD = {256: Ports(4, 4, 2), 128: Ports(4, 4, 2)}

CORES = (
    Core("Zen 5", "measured", "AuthenticAMD", 26, (*range(0x20), *range(0x40, 0x50)),
         {512: Ports(4, 4, 2), **_AMD}, 6, pair=2.17),
    Core("Zen 4", "uops.info; 512 bits are done in halves", "AuthenticAMD", 25,
         (*range(0x10, 0x20), *range(0x60, 0x80), *range(0xA0, 0xB0)),
         {512: Ports(2, 2, 1), **_AMD}, 4, pair=2),
    Core("Zen 3", "uops.info", "AuthenticAMD", 25, (*range(0x10), *range(0x20, 0x60)),
         _AMD, 4, pair=2),
    Core("Golden Cove (server)", "Intel's manual; sha256rnds2 measured", "GenuineIntel", 6, (),
         _WIDE_INTEL, 5, pair=3, flag="amx_tile"),
    Core("Ice Lake, Tiger Lake, Rocket Lake", "Intel's manual", "GenuineIntel", 6,
         (0x6A, 0x6C, 0x7D, 0x7E, 0x8C, 0x8D, 0xA7), _WIDE_INTEL, 4),
    Core("Skylake-X", "Intel's manual", "GenuineIntel", 6, (0x55,), _WIDE_INTEL, 4),
    Core("Skylake", "Intel's manual", "GenuineIntel", 6, (0x4E, 0x5E, 0x8E, 0x9E, 0xA5, 0xA6),
         _NARROW_INTEL, 4),
    Core("Haswell, Broadwell", "Intel's manual; shifts p0, additions p15", "GenuineIntel", 6,
         (0x3C, 0x3D, 0x3F, 0x45, 0x46, 0x47, 0x4F, 0x56),
         {256: Ports(3, 2, 1), 128: Ports(3, 2, 1)}, 4),
)  # fmt: skip
"""The rows; the first that fits counts."""
