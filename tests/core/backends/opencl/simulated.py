"""Devices that are not there: a launcher that hashes by hashlib, and drivers that say things."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from stampmill.core.backends.opencl.kernel import Found, Group
from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.kernels.opencl.code import SLOTS


@dataclass
class SimulatedLauncher:
    """Takes time in proportion, has as many slots as the real one, and keeps a log.

    `hits` are all there are, with the version's index; `rate` is in hashes a second.
    """

    hits: list[tuple[int, int]] = field(default_factory=list)
    every_hash: bool = False
    rate: float = 1e10
    launches: list[tuple[int, int]] = field(default_factory=list)
    versions: int = 0
    overflows: int = 0
    held: bool = False

    def run(self, groups: tuple[Group, ...], first: int, last: int) -> Found:
        self.launches.append((first, last))
        self.versions = sum(group.versions for group in groups)
        seconds = (last - first + 1) * self.versions / self.rate
        if self.every_hash:
            total = (last - first + 1) * self.versions
            inside = [
                (first + i // self.versions, i % self.versions) for i in range(min(total, SLOTS))
            ]
        else:
            inside = [hit for hit in self.hits if first <= hit[0] <= last]
            total = len(inside)
        self.overflows += total > SLOTS
        self.held = True
        return Found(total, inside[:SLOTS], seconds)

    def let_go(self) -> None:
        self.held = False


def device(index: int = 0, **more: Any) -> DeviceInfo:
    said = {
        "name": f"card {index}", "platform": "NVIDIA CUDA", "driver": "1.0", "is_gpu": True,
        "width": 1, "max_group": 1024, "handle": SimpleNamespace(max_compute_units=2),
    }  # fmt: skip
    return DeviceInfo(index, **(said | more))


def nvidias(chip: tuple[int, int], extensions: str = "cl_nv_compiler_options") -> DeviceInfo:
    """Return a card that tells its compute capability."""
    said = SimpleNamespace(
        extensions=f"cl_khr_icd cl_nv_device_attribute_query {extensions}",
        compute_capability_major_nv=chip[0],
        compute_capability_minor_nv=chip[1],
        max_compute_units=2,
    )
    return device(handle=said)


class DriverError(Exception):
    pass


def driver_with(*platforms: Any) -> Any:
    def get_platforms() -> list[Any]:
        if not platforms:
            raise DriverError("clGetPlatformIDs failed: PLATFORM_NOT_FOUND_KHR")
        return list(platforms)

    kinds = SimpleNamespace(GPU=4, CPU=2)
    return SimpleNamespace(get_platforms=get_platforms, Error=DriverError, device_type=kinds)


class Platform:
    def __init__(self, name: str, *cards: Any) -> None:
        self.name = name
        self._cards = cards

    def get_devices(self) -> list[Any]:
        if not self._cards:
            raise DriverError("clGetDeviceIDs failed: DEVICE_NOT_FOUND")
        return list(self._cards)


def card(name: str, kind: int = 4, **more: Any) -> Any:
    said = {
        "name": name, "driver_version": "1.0", "type": kind, "preferred_vector_width_int": 1,
        "max_work_group_size": 1024, "available": True, "compiler_available": True,
        "global_mem_size": 1 << 30,
    }  # fmt: skip
    return SimpleNamespace(**(said | more))
