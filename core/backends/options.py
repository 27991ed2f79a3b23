"""What a user may choose about a backend."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from stampmill.core.errors import UsageError
from stampmill.core.settings import AsicSettings

MAX_THREADS = 4096
MAX_INTENSITY = 1000
"""Milliseconds: a driver that hears nothing of its device for 2 s may reset it."""


MAX_RESUME_DELAY = 86_400
"""Seconds: a day."""


@dataclass(frozen=True, slots=True)
class GpuManners:
    """When a GPU is left to others, or to itself; None: no such limit."""

    polite: bool = True
    """Rest while another process uses it."""
    temperature_limit: float | None = None
    """Degrees Celsius."""
    power_limit: float | None = None
    """Watts."""
    resume_delay: float = 60.0
    """Seconds without such use, before it goes on."""

    def __post_init__(self) -> None:
        if self.temperature_limit is not None and not 30 <= self.temperature_limit <= 120:
            raise UsageError(f"gpu-temp-limit: {self.temperature_limit:g} is not 30 .. 120 C")
        if self.power_limit is not None and not 1 <= self.power_limit <= 5000:
            raise UsageError(f"gpu-power-limit: {self.power_limit:g} is not 1 .. 5000 W")
        if not 0 < self.resume_delay <= MAX_RESUME_DELAY:
            raise UsageError(
                f"gpu-resume-delay: {self.resume_delay:g} is not above 0 and up to "
                f"{MAX_RESUME_DELAY} s"
            )


class CpuPriority(Enum):
    """Who goes first on a CPU that a scan thread shares with others.

    IDLE: whoever else wants it, be it for all of the time. NORMAL: they take turns, as any two
    processes do; what the machine does besides is slower by the thread's share of it.
    """

    IDLE = "idle"
    NORMAL = "normal"


def _tell_nobody(_line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """Options of every backend; each takes what concerns it.

    `threads` None: one per usable CPU. `cpu_affinity` pins each to its CPU, else they run wherever
    there is room. `cpu_priority` is theirs and that of PoCL's threads, but that a thread is NORMAL
    in any case if it holds the interpreter, or only waits for a device. `kernel` None: the best
    that passes; for OpenCL it is the devices, as `opencl:0,1`. `intensity` is how long a launch
    takes there, in milliseconds; None: as tuned, or else the usual. `port` is the path or URL of
    the one board that an ASIC backend drives. `tell` takes a line for people, from any thread.
    """

    threads: int | None = None
    cpu_affinity: bool = True
    cpu_priority: CpuPriority = CpuPriority.IDLE
    kernel: str | None = None
    self_test: bool = True
    intensity: float | None = None
    gpu: GpuManners = GpuManners()
    port: str = ""
    asic: AsicSettings = field(default_factory=AsicSettings)
    tell: Callable[[str], None] = field(default=_tell_nobody, compare=False)

    def __post_init__(self) -> None:
        if self.threads is not None and not 1 <= self.threads <= MAX_THREADS:
            raise UsageError(f"threads: {self.threads} is not between 1 and {MAX_THREADS}")
        if self.intensity is not None and not 1 <= self.intensity <= MAX_INTENSITY:
            raise UsageError(f"intensity: {self.intensity:g} is not 1 .. {MAX_INTENSITY} ms")
