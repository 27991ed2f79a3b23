"""Registers of GPUs: the fewer a work-item takes, the more waves are there beside each other."""

from typing import NamedTuple

from stampmill.core.backends.opencl.listing import DeviceInfo

STATE, WINDOW = 8, 16
"""Words of a hash's state, and of its schedule that the next one is made of (FIPS 180-4, 6.2)."""
SPARE = 8
"""Registers beyond the words that live, with which ptxas spills none; with none it spills 60 words
(bench/KERNELS.md)."""


class Room(NamedTuple):
    """What a part of a chip has for the waves, or warps, that it takes turns with."""

    waves: int
    registers: int
    """For each lane, of all waves together."""
    grain: int
    """A wave gets a multiple of so many."""
    items: int
    """Of a work-group, for each wave that the part gets of it."""

    def waves_of(self, registers: int, group: int) -> int:
        """Return how many waves of whole work-groups there are if each takes so many registers."""
        taken = -(-registers // self.grain) * self.grain
        together = -(-group // self.items)
        return min(self.waves, self.registers // taken) // together * together

    @property
    def for_all(self) -> int:
        """Registers that each may take if as many waves as can be are to be there."""
        return self.registers // self.waves // self.grain * self.grain


ROOM = {
    "sm_86": Room(48, 2048, 8, 32),
    "sm_89": Room(48, 2048, 8, 32),
    "sm_90": Room(64, 2048, 8, 32),
    "gfx942": Room(8, 512, 8, 4 * 64),
    "gfx1100": Room(16, 1536, 24, 4 * 32),
}
"""Of a multiprocessor (CUDA's occupancy calculator: 65,536 registers, for 32 lanes), or of one of
four SIMDs (LLVM's AMDGPUUsage)."""


def live_words(versions: int) -> int:
    """Return how many words wait for their use in the middle of the first hash.

    All of them come of the nonce: a state for each version, and what the schedule that they share
    goes on from. Were they out of step, more of it would wait for the last of them.
    """
    return STATE * versions + WINDOW


def limit(chip: str, versions: int) -> int:
    """Return the most registers of a work-item with which all waves are there; 0 if too few."""
    most = ROOM[chip].for_all if chip in ROOM else 0
    return most if most >= live_words(versions) + SPARE else 0


def limit_of(device: DeviceInfo, versions: int) -> int:
    """Return the same for a device whose compiler can be told; else 0."""
    said = set(getattr(device.handle, "extensions", "").split())
    if not {"cl_nv_compiler_options", "cl_nv_device_attribute_query"} <= said:
        return 0
    handle = device.handle
    chip = f"sm_{handle.compute_capability_major_nv}{handle.compute_capability_minor_nv}"
    return limit(chip, versions)
