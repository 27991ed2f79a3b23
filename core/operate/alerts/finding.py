"""What rules are given, and what they find."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stampmill.core.snapshot import AlertKind, PolicyAction, Snapshot


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that holds now. Another `occasion` of it is told anew."""

    kind: AlertKind
    subject: str
    text: str
    occasion: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Two snapshots, one look and the next."""

    before: Snapshot
    shot: Snapshot

    @property
    def seconds(self) -> float:
        """The time between them; none where the run began to count anew once devices were open."""
        return max(self.shot.seconds - self.before.seconds, 0.0)

    @property
    def mines(self) -> bool:
        """Whether all that may work was meant to, from the one to the other."""
        return _mines(self.before) and _mines(self.shot)


class Rule(Protocol):
    """Looks at one step after another."""

    def look(self, step: Step) -> Sequence[Finding]:
        """Return what holds now: what was found before does until the rule has it cleared."""


def rests(shot: Snapshot) -> bool:
    """Tell whether nothing is to be expected of the run: somebody or some rule paused it."""
    by_rule = shot.policy is not None and shot.policy.action is PolicyAction.PAUSE
    return bool(shot.paused) or by_rule


def slug(kind: AlertKind) -> str:
    """Return a kind as programs name it: `no-accepted-share`."""
    return kind.value.replace(" ", "-")


def _mines(shot: Snapshot) -> bool:
    throttled = shot.policy is not None and shot.policy.action is not PolicyAction.RUN
    return shot.job is not None and not shot.paused and not throttled
