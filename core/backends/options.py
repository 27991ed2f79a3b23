"""What a user may choose about a backend."""

from dataclasses import dataclass

from stampmill.core.errors import UsageError

MAX_THREADS = 4096
MAX_INTENSITY = 1000
"""Milliseconds: a driver that hears nothing of its device for 2 s may reset it."""


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """Options of every backend; each takes what concerns it.

    `threads` None: one per usable CPU. `cpu_affinity` pins each to its CPU, else they run at the
    lowest priority wherever there is room. `kernel` None: the best that passes; for OpenCL it is
    the devices, as `opencl:0,1`. `intensity` is how long a launch takes there, in milliseconds.
    """

    threads: int | None = None
    cpu_affinity: bool = True
    kernel: str | None = None
    self_test: bool = True
    intensity: float = 50.0

    def __post_init__(self) -> None:
        if self.threads is not None and not 1 <= self.threads <= MAX_THREADS:
            raise UsageError(f"threads: {self.threads} is not between 1 and {MAX_THREADS}")
        if not 1 <= self.intensity <= MAX_INTENSITY:
            raise UsageError(f"intensity: {self.intensity:g} is not 1 .. {MAX_INTENSITY} ms")
