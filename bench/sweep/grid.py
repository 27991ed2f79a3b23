"""The points of a sweep: every combination of the parameters' values."""

from collections.abc import Sequence
from itertools import product

from stampmill.core.errors import UsageError

LIMITS = {
    "k": (1, 16),
    "rolled": (0, 1),
    "interleave": (0, 4096),
    "phase": (0, 4096),
    "lead": (0, 45),
}
"""`k` versions share a schedule; `rolled` is code in loops, or else in a straight line, whose order
the others say: they are `kernels.listing.Weave`'s, its grain first."""

MOST_POINTS = 10_000

Point = tuple[tuple[str, int], ...]
"""Names with values, in the order of the command line."""


def points(parameters: Sequence[str]) -> list[Point]:
    """Return the points of `name=1..4` or `name=1,2,8` and so on; raise UsageError."""
    axes = dict(_axis(text) for text in parameters)
    if len(axes) != len(parameters):
        raise UsageError("--param names a parameter twice")
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MOST_POINTS:
        raise UsageError(f"{count} points are too many: a sweep has at most {MOST_POINTS}")
    return [tuple(zip(axes, values, strict=True)) for values in product(*axes.values())]


def _axis(text: str) -> tuple[str, list[int]]:
    name, _, values = text.partition("=")
    if name not in LIMITS:
        raise UsageError(f"--param {text}: there are {', '.join(LIMITS)}")
    low, high = LIMITS[name]
    numbers = _numbers(values)
    if not numbers or min(numbers) < low or max(numbers) > high:
        raise UsageError(f"--param {text}: write {name}={low}..{high}, or {name}={low},{low + 1}")
    return name, numbers


def _numbers(text: str) -> list[int]:
    first, dots, last = text.partition("..")
    parts = [first, last] if dots else text.split(",")
    if not all(part.isdecimal() and len(part) < 6 for part in parts):
        return []
    numbers = [int(part) for part in parts]
    return list(range(numbers[0], numbers[1] + 1)) if dots else list(dict.fromkeys(numbers))
