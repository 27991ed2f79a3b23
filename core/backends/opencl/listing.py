"""Which OpenCL devices there are, and why one cannot be used."""

import importlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from stampmill.core.backends.placement import Placement, take_place
from stampmill.core.errors import MissingExtraError, NoDeviceError, UsageError

POCL = "Portable Computing Language"
"""The name of PoCL's platform."""
MIN_GROUP = 8
"""Work-items that a device has to take in a work-group."""
MIN_MEMORY = 1 << 20
"""Bytes of memory: a launch's own are some 10 KB, its program's some 100."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device as its platform describes it. `why_not` is empty where it can be used."""

    index: int
    """Over all platforms, in their order: what `-d opencl:INDEX` chooses."""
    name: str
    platform: str
    driver: str
    is_gpu: bool
    width: int
    """Words that it prefers in a vector."""
    max_group: int
    handle: Any
    why_not: str = ""
    same_as: int | None = None
    """The index of the same card under an earlier platform."""
    is_cpu: bool = False
    """Whether this machine's CPUs do its work."""

    @property
    def label(self) -> str:
        """The name in statistics and messages."""
        return f"opencl:{self.index}"


def driver() -> Any:
    """Return pyopencl; raise NoDeviceError where it is missing or broken."""
    try:
        return importlib.import_module("pyopencl")
    except ModuleNotFoundError as error:
        raise MissingExtraError("the OpenCL backend", "opencl") from error
    except ImportError as error:
        raise NoDeviceError(f"pyopencl does not work as installed: {error}") from error


def devices(*, gives_way: bool = False) -> tuple[DeviceInfo, ...]:
    """Return all devices, usable or not; raise NoDeviceError, with the cure, if there are none.

    PoCL starts its threads when a process asks for its devices first: `gives_way` tells whether
    they leave the CPUs to all else, the event loop above all.
    """
    cl = driver()
    try:
        platforms = cl.get_platforms()
    except cl.Error as error:  # the loader found no ICD, or one that does not load
        raise NoDeviceError(f"no OpenCL platform: {_INSTALL}") from error
    found = tuple(_listed(cl, platforms, gives_way=gives_way))
    if not found:
        raise NoDeviceError(f"no OpenCL device on {_names(platforms)}: {_INSTALL}")
    return found


def choose(found: Iterable[DeviceInfo], wanted: tuple[int, ...] = ()) -> tuple[DeviceInfo, ...]:
    """Return the devices wanted, or by default each GPU once, or else one CPU.

    Raise NoDeviceError for one that is not there or cannot be used, UsageError for a card twice.
    """
    found = tuple(found)
    if wanted:
        return tuple(_picked(found, dict.fromkeys(wanted)))
    usable = [info for info in found if not info.why_not and info.same_as is None]
    if not usable:
        reasons = "; ".join(f"{info.label} {info.name}: {info.why_not}" for info in found)
        raise NoDeviceError(f"no OpenCL device can be used: {reasons}")
    return tuple([info for info in usable if info.is_gpu] or usable[:1])


_INSTALL = "install your GPU's OpenCL driver, or pocl-opencl-icd to use the CPU"


def _picked(found: tuple[DeviceInfo, ...], wanted: Iterable[int]) -> Iterator[DeviceInfo]:
    cards: dict[int, int] = {}
    for index in wanted:
        if not 0 <= index < len(found):
            raise NoDeviceError(f"no device opencl:{index}; there are 0 .. {len(found) - 1}")
        info = found[index]
        if info.why_not:
            raise NoDeviceError(f"{info.label} {info.name}: {info.why_not}")
        card = index if info.same_as is None else info.same_as
        if card in cards:
            raise UsageError(f"opencl:{cards[card]} and opencl:{index} are one card: choose one")
        cards[card] = index
        yield info


def _listed(cl: Any, platforms: Iterable[Any], *, gives_way: bool) -> Iterator[DeviceInfo]:
    seen: dict[tuple[object, ...], tuple[int, object]] = {}
    index = 0
    for platform in platforms:
        for order, handle in enumerate(_devices_of(cl, platform, gives_way=gives_way)):
            same_as = None
            for key in _identities(cl, handle, order):
                earlier, its_platform = seen.setdefault(key, (index, platform))
                if its_platform != platform and same_as is None:
                    same_as = earlier
            yield _described(cl, platform, handle, index, same_as)
            index += 1


def _devices_of(cl: Any, platform: Any, *, gives_way: bool) -> list[Any]:
    # A thread takes its place from the one that starts it.
    place = Placement("opencl", None, gives_way=gives_way and platform.name.strip() == POCL)
    with ThreadPoolExecutor(1, initializer=partial(take_place, place)) as starter:
        try:
            return list(starter.submit(platform.get_devices).result())
        except cl.Error:  # a platform with no device says so by an error
            return []


def _described(cl: Any, platform: Any, handle: Any, index: int, same_as: int | None) -> DeviceInfo:
    return DeviceInfo(
        index,
        handle.name.strip(),
        platform.name.strip(),
        handle.driver_version,
        bool(handle.type & cl.device_type.GPU),
        handle.preferred_vector_width_int,
        handle.max_work_group_size,
        handle,
        _why_not(handle),
        same_as,
        bool(handle.type & cl.device_type.CPU),
    )


def _why_not(handle: Any) -> str:
    if not handle.available:
        return "its driver says that it is not available"
    if not handle.compiler_available:
        return "its driver has no compiler"
    if handle.max_work_group_size < MIN_GROUP:
        return f"takes work-groups of {handle.max_work_group_size}, not of {MIN_GROUP}"
    if handle.global_mem_size < MIN_MEMORY:
        return f"has {handle.global_mem_size} bytes of memory, {MIN_MEMORY} are needed"
    return ""


def _identities(cl: Any, handle: Any, order: int) -> Iterator[tuple[object, ...]]:
    """Yield what two platforms' devices have in common if they are one card.

    A CPU is always the same one. Cards without an address are told apart by name and order.
    """
    if handle.type & cl.device_type.CPU:
        yield ("cpu",)
        return
    yield ("name", handle.name.strip(), order)
    for bus, slot in (("pci_bus_id_nv", "pci_slot_id_nv"), ("topology_amd", "topology_amd")):
        try:
            address = getattr(handle, bus), getattr(handle, slot)
        except (cl.Error, AttributeError):
            continue
        if bus == "topology_amd":
            address = address[0].bus, address[0].device << 3
        yield ("pci", *address)


def _names(platforms: Iterable[Any]) -> str:
    return ", ".join(platform.name.strip() for platform in platforms) or "any platform"
