"""What a check found."""

from dataclasses import dataclass
from enum import Enum


class Grade(Enum):
    """How it stands."""

    WELL = "ok"
    DOUBTFUL = "warning"
    BAD = "failed"
    LEFT_OUT = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result; `cure` says what to do, and is empty where all is well."""

    check: str
    grade: Grade
    text: str
    cure: str = ""


def well(check: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Grade.WELL, text)


def doubtful(check: str, text: str, cure: str) -> Finding:
    """Return that it works, but not as well as it could."""
    return Finding(check, Grade.DOUBTFUL, text, cure)


def bad(check: str, text: str, cure: str) -> Finding:
    """Return that a run would not work."""
    return Finding(check, Grade.BAD, text, cure)
