"""What a user may choose about a backend."""

from dataclasses import dataclass

from stampmill.core.errors import UsageError

MAX_THREADS = 4096


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """Options of every backend; each takes what concerns it.

    `threads` None: one per usable CPU. `cpu_affinity` pins each to its CPU, else they run at the
    lowest priority wherever there is room. `kernel` None: the best that passes.
    """

    threads: int | None = None
    cpu_affinity: bool = True
    kernel: str | None = None
    self_test: bool = True

    def __post_init__(self) -> None:
        if self.threads is not None and not 1 <= self.threads <= MAX_THREADS:
            raise UsageError(f"threads: {self.threads} is not between 1 and {MAX_THREADS}")
