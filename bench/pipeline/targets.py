"""What the whole path promises, and whether a measurement keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from stampmill.bench.record import Benchmark


class Bound(Enum):
    """On which side of its limit a value has to be."""

    AT_LEAST = ">="
    AT_MOST = "<="


class Verdict(Enum):
    """What a measurement says of a target."""

    MET = "met"
    MISSED = "MISSED"
    UNMEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: the value of `title`, in `unit`, stays on its side of `limit`."""

    name: str
    title: str
    limit: float
    unit: str
    bound: Bound = Bound.AT_MOST

    def judge(self, value: float | None) -> Verdict:
        """Return whether the value keeps the promise; None is no measurement."""
        if value is None:
            return Verdict.UNMEASURED
        kept = value >= self.limit if self.bound is Bound.AT_LEAST else value <= self.limit
        return Verdict.MET if kept else Verdict.MISSED


@dataclass(frozen=True, slots=True)
class Outcome:
    """A target with its value, and in `detail` what else there is to know, or why there is none."""

    target: Target
    value: float | None
    detail: str = ""
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """What the value says."""
        return self.target.judge(self.value)

    def as_dict(self) -> dict[str, object]:
        """Return it as a record holds it."""
        target = self.target
        return {
            "name": target.name,
            "title": target.title,
            "value": self.value,
            "unit": target.unit,
            "bound": target.bound.value,
            "limit": target.limit,
            "verdict": self.verdict.value,
            "detail": self.detail,
            "facts": self.facts,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part of the benchmark found: verdicts, and the times behind them.

    `others` is how much of all CPUs, 0 to 1, other processes used meanwhile, if known.
    """

    outcomes: Sequence[Outcome]
    benchmarks: Sequence[Benchmark] = ()
    part: str = ""
    others: float | None = None
