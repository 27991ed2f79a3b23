"""One row a chip. Figures from the projects' sources and captures that the vectors name."""

from dataclasses import dataclass
from enum import Enum

from stampmill.core.backends.asic.chip.pll import PllLimits
from stampmill.core.backends.asic.wire.jobs import JobForm


class SweepStart(Enum):
    """What sets the nonce that a chip of a chain begins each core's sweep with."""

    ADDRESS = "address"
    """The address, in nonce bits 24 to 18."""
    OFFSET = "offset"
    """Register 0x0C; the whole sweep wraps around in the core's 25 bits."""


@dataclass(frozen=True, slots=True)
class Chip:
    """What sets a chip apart from the others."""

    id: int
    """As register 0 gives it in its upper half."""
    name: str
    cores: int
    """Each owns the nonces whose seven top bits are its number."""
    sub_cores: int
    """Of each core: they hash the same nonces under different versions."""
    hashers: int
    """Cores times sub-cores, less those that are said not to work: for expected rates."""
    form: JobForm
    pll: PllLimits
    default_mhz: float
    max_mhz: float
    """More is refused: none of the known firmwares and boards goes there."""
    reset_mhz: float
    job_ids: tuple[int, ...]
    """In the order of their use; neighbours differ widely, as firmware has it."""
    start: SweepStart = SweepStart.ADDRESS
    fast_bauds: tuple[tuple[int, int], ...] = ()
    """Baud rate of the host and the register value that sets the chip's, slowest first."""
    baud_register: int = 0x28
    slow_baud: int = 0x01301A00
    """The value for the rate after a reset."""

    @property
    def rolls_versions(self) -> bool:
        """Whether it rolls the version itself, and says in 11 bytes which one it was."""
        return self.form is JobForm.FULL

    @property
    def versions_per_job(self) -> int:
        """How many versions of a header one job covers at the most."""
        return 65_536 if self.rolls_versions else self.sub_cores

    def rate(self, mhz: float) -> float:
        """Return the hashes per second of one chip: one a cycle of each sub-core."""
        return self.hashers * mhz * 1e6


# On BM1368 and BM1370 sources agree on job ids below 16 only. ESP-Miner steps by 3 (24 in the job
# byte); BM1366 takes all 32, and ESP-Miner's ids are every byte that is a multiple of 8.
_IDS_16 = tuple(3 * turn % 16 for turn in range(16))
_IDS_32 = tuple(11 * turn % 32 for turn in range(32))

_FAST = ((1_000_000, 0x11300200), (3_125_000, 0x11300000))

BM1370 = Chip(
    0x1370, "BM1370", 128, 16, 2040, JobForm.FULL,
    PllLimits(range(160, 240), (2000.0, 3200.0)), 525.0, 700.0, 50.0,
    _IDS_16, SweepStart.OFFSET, _FAST,
)  # fmt: skip
BM1368 = Chip(
    0x1368, "BM1368", 80, 16, 1276, JobForm.FULL,
    PllLimits(range(144, 236), (1800.0, 3200.0)), 490.0, 650.0, 50.0,
    _IDS_16, fast_bauds=_FAST,
)  # fmt: skip
BM1366 = Chip(
    0x1366, "BM1366", 112, 8, 894, JobForm.FULL,
    PllLimits(range(144, 236), (1800.0, 3200.0)), 485.0, 600.0, 50.0,
    _IDS_32, fast_bauds=_FAST,
)  # fmt: skip
BM1362 = Chip(
    0x1362, "BM1362", 65, 8, 514, JobForm.FULL,
    PllLimits(range(16, 251), (2000.0, 3200.0)), 525.0, 650.0, 50.0,
    _IDS_32, fast_bauds=_FAST,
)  # fmt: skip
BM1397 = Chip(
    0x1397, "BM1397", 168, 4, 672, JobForm.MIDSTATE,
    PllLimits(range(60, 201), (750.0, 3200.0), minus_one=False), 425.0, 600.0, 400.0,
    _IDS_32,
    fast_bauds=((1_500_000, 0x00006131), (3_125_000, 0x00006031)), baud_register=0x18,
    slow_baud=0x00007A31,
)  # fmt: skip

CHIPS = (BM1370, BM1366, BM1368, BM1362, BM1397)

_BY_ID = {chip.id: chip for chip in CHIPS}
_BY_NAME = {chip.name.lower(): chip for chip in CHIPS}


def by_id(chip_id: int) -> Chip | None:
    """Return the row of a chip, or None for an unknown one."""
    return _BY_ID.get(chip_id)


def by_name(name: str) -> Chip | None:
    """Return the row of a name such as `bm1370`, in any case, or None."""
    return _BY_NAME.get(name.lower())
