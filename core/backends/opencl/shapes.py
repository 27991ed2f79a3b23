"""Which kernels a device gets: what counted instructions say is best for its kind."""

from stampmill.core.backends.opencl.listing import DeviceInfo
from stampmill.kernels.opencl.code import WIDTHS, Shape

GPU_GROUP, CPU_GROUP = 256, 8
"""Work-items of a work-group: several waves of any GPU's; a few vectors of a CPU's."""


def shapes_of(device: DeviceInfo) -> dict[int, Shape]:
    """Return a shape for each number of versions that shares a schedule; one is always there."""
    width = max(width for width in WIDTHS if width <= max(device.width, 1))
    if not device.is_gpu:
        # A CPU has two cores' worth of vectors in flight, whatever is shared: V=4 gains nothing.
        return {1: Shape(width, group=min(CPU_GROUP, device.max_group))}
    group = min(GPU_GROUP, device.max_group)
    adds = "nvidia" in device.platform.lower() and width == 1
    one = Shape(width, group=group, multiply_to_add=adds)
    two = Shape(width, 2, _copies(device), group=group, multiply_to_add=adds)
    return {1: one, 2: two}


def _copies(device: DeviceInfo) -> int:
    """Return how often the second hash of two versions is in the code.

    Twice is 85 KB on NVIDIA's chips and 36 KB on AMD's CDNA, which their caches of 128 and 64 KB
    hold; AMD's RDNA and whatever is unknown have 32 KB, which only a loop fits.
    """
    is_cdna = device.name.startswith(("gfx9", "AMD Instinct"))
    return 2 if is_cdna or "nvidia" in device.platform.lower() else 1
