"""What hashing costs in joules, where the machine counts it.

CPUs count by RAPL: Linux shows the packages under /sys/class/powercap (Documentation/power/powercap
in its sources), often to root alone. NVIDIA's GPUs count by NVML.
"""

import importlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_POWERCAP = Path("/sys/class/powercap")
_PACKAGES = "*-rapl:[0-9]*"

Readings = Mapping[str, tuple[float, float]]
"""By counter: joules, and the number of them at which it begins again at 0; 0 for never."""


def read(*, on_gpu: bool = False) -> Readings:
    """Return what can be read now, of all CPU packages or of all GPUs; nothing if none counts."""
    return _gpus() if on_gpu else _packages(_POWERCAP)


def between(before: Readings, after: Readings) -> float | None:
    """Return the joules used meanwhile by everything that both have, or None of nothing."""
    common = [name for name in before if name in after]
    if not common:
        return None
    return sum(_used(before[name], after[name]) for name in common)


def _used(before: tuple[float, float], after: tuple[float, float]) -> float:
    # A counter begins again at most once: that takes minutes at the highest power.
    used = after[0] - before[0]
    return used + after[1] if used < 0 else used


def _packages(folder: Path) -> dict[str, tuple[float, float]]:
    """Read whole packages only: core and memory, with a second colon, are part of them."""
    found = {}
    for zone in sorted(folder.glob(_PACKAGES)):
        if zone.name.count(":") == 1:
            with suppress(OSError, ValueError):
                used, size = (
                    int((zone / name).read_text(encoding="ascii")) / 1e6
                    for name in ("energy_uj", "max_energy_range_uj")
                )
                found[zone.name] = (used, size)
    return found


def _gpus() -> dict[str, tuple[float, float]]:
    """Read every GPU that counts, in millijoules since its driver was loaded."""
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # no package, no driver, no GPU: NVML has an error for each
        return {}
    found = {}
    for index in range(nvml.nvmlDeviceGetCount()):
        with suppress(nvml.NVMLError):
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            found[f"gpu{index}"] = (nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000, 0.0)
    return found
