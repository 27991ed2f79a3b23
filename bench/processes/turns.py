"""Who waits where a process of ours wants the CPU of a miner that is measured."""

import os

from stampmill.bench.processes.children import Settings
from stampmill.core.backends.options import CpuPriority


def give_way(settings: Settings) -> None:
    """Be nice, unless the miner's `priority` is normal: it takes turns then, and so do we.

    What is nice among others that work gets no CPU for many seconds, and would end too late.
    """
    if CpuPriority(settings.get("priority", "idle")) is CpuPriority.IDLE:
        os.nice(19)
