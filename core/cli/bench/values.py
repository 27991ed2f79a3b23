"""What the options' values may be."""

import argparse

from stampmill.core.errors import UsageError


def count(text: str) -> int:
    """Return a whole number above 0."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def seconds(text: str) -> float:
    """Return a time above 0, of an hour at most."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds up to 3600")
    return value


def percent(text: str) -> float:
    """Return the fraction that a percentage such as 5% or 2.5 is."""
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is no percentage, as in 5%")
    return value / 100


def usable(cpu: int | None) -> int | None:
    """Return the CPU if this process may run on it; raise UsageError."""
    from stampmill.bench.host.machine import usable_cpus  # noqa: PLC0415  mining starts without

    if cpu is not None and cpu not in usable_cpus():
        raise UsageError(f"no CPU {cpu} for this process; it has {_listed(usable_cpus())}")
    return cpu


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
