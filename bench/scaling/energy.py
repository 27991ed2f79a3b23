"""What hashing costs in joules, where CPUs count it by RAPL and NVIDIA's GPUs by NVML."""

from stampmill.core.energy.meters import cards, rapl
from stampmill.core.energy.meters.counters import Readings, between

__all__ = ["Readings", "between", "read"]


def read(*, on_gpu: bool = False) -> Readings:
    """Return what can be read now, of all CPU packages or of all GPUs; nothing if none counts."""
    return cards.read_all() if on_gpu else rapl.read()
