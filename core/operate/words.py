"""Figures as people read them, the same wherever they are shown."""

_UNITS = ("", "k", "M", "G", "T", "P", "E")


def hashrate(rate: float) -> str:
    """Return a rate in hashes per second with a readable unit."""
    index = 0
    while rate >= 1000 and index < len(_UNITS) - 1:
        rate /= 1000
        index += 1
    return f"{rate:.2f} {_UNITS[index]}H/s"


def duration(seconds: float) -> str:
    """Return seconds in the unit a person would say."""
    for limit, divisor, unit in (
        (120.0, 1.0, "s"), (7200.0, 60.0, "min"), (172_800.0, 3600.0, "h"),
        (63_072_000.0, 86_400.0, "days"),
    ):  # fmt: skip
        if seconds < limit:
            return f"{seconds / divisor:.1f} {unit}"
    return f"{seconds / 31_536_000:.3g} years"


def plural(count: int, word: str) -> str:
    """Return a count with its word."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
