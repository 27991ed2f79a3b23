"""Typed settings of a run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """One pool: where it is and who we are there."""

    url: str
    user: str = ""
    password: str = "x"  # noqa: S105  the field's placeholder of every pool
    suggest_difficulty: float | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a lost pool is dialled again. Pauses are seconds, doubled up to the ceiling."""

    retries: int | None = None
    """Failures in a row before giving up; None: never."""
    pause: float = 1.0
    ceiling: float = 60.0
