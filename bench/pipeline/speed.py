"""How fast this machine hashes, so that shares come as often as a measurement needs them."""

from stampmill.bench import catalogue
from stampmill.bench.pipeline import windows
from stampmill.core.chain.target import DIFFICULTY_1_TARGET

_SECONDS = 0.2


def difficulty_for(seconds: float) -> float:
    """Return the difficulty at which all CPUs together find a share in so many seconds."""
    rate = windows.of_bare_kernel(catalogue.best(), _SECONDS).clock_rate
    return rate * seconds * DIFFICULTY_1_TARGET / (1 << 256)
