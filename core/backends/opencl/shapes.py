"""Which kernels a device gets untuned: what counted instructions say is best for its kind."""

from dataclasses import replace

from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.core.backends.opencl.registers import limit_of
from stampmill.kernels.opencl.code import WIDTHS, Shape

GPU_GROUP, CPU_GROUP = 256, 8
"""Work-items of a work-group: several waves of any GPU's; a few vectors of a CPU's."""
CPU_VERSIONS = 8
"""Versions, one by one, that a CPU's schedule is for: with 4 or 16 PoCL is as fast, some 17 % above
one alone, and the words of 16 would be more than a device has to take (OpenCL 1.2, table 4.3)."""


def shapes_of(device: DeviceInfo) -> dict[int, Shape]:
    """Return a shape for each number of versions that shares a schedule; one is always there."""
    width = width_of(device)
    if not device.is_gpu:
        one = Shape(width, group=min(CPU_GROUP, device.max_group), one_by_one=True)
        return {1: one, CPU_VERSIONS: replace(one, versions=CPU_VERSIONS)}
    group = min(GPU_GROUP, device.max_group)
    adds = adds_by_multiplying(device, width)
    versions, copies = _shared(device)
    one = Shape(width, group=group, multiply_to_add=adds)
    shared = replace(one, versions=versions, copies=copies)
    return {each.versions: with_limit(device, each) for each in (one, shared)}


def with_limit(device: DeviceInfo, shape: Shape) -> Shape:
    """Return the shape with no more registers than leave room for all waves, if that is free."""
    registers = limit_of(device, shape.versions) if shape.multiply_to_add else 0
    return replace(shape, registers=registers)


def width_of(device: DeviceInfo) -> int:
    """Return the largest width that is not above what the device prefers.

    A CPU's runtime that prefers 1 makes vectors of whole work-groups, which have to be large then:
    ours are as good, and need no such groups (Intel's, measured).
    """
    if device.width == 1 and not device.is_gpu:
        return WIDTHS[-1]
    return max(width for width in WIDTHS if width <= max(device.width, 1))


def adds_by_multiplying(device: DeviceInfo, width: int) -> bool:
    """Tell whether a kernel of this width is to add by inline PTX."""
    return device.is_gpu and "nvidia" in device.platform.lower() and width == 1


def _shared(device: DeviceInfo) -> tuple[int, int]:
    """Return how many versions share a schedule, and how often their second hash is in the code.

    What counts is the instruction cache. Four versions are 94 KB with one second hash on NVIDIA's
    chips, which have 128 KB, and 51 KB with two on AMD's CDNA, which has 64 KB; there a loop costs
    more. AMD's RDNA, and whatever is unknown, has 32 KB: two versions, looped, are 26 KB.
    (bench/results/gpu_cost.json)
    """
    if "nvidia" in device.platform.lower():
        return 4, 1
    return (4, 2) if device.name.startswith(("gfx9", "AMD Instinct")) else (2, 1)
