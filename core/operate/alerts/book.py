"""The alerts that stand, and those that were raised."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stampmill.core.operate.alerts.finding import Finding
from stampmill.core.snapshot import Alert, AlertKind

_Key = tuple[AlertKind, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """What became different with a look."""

    raised: tuple[Alert, ...] = ()
    cleared: tuple[Alert, ...] = ()


class AlertBook:
    """Turns what holds now into alerts. An alert keeps the text that it was raised with."""

    def __init__(self) -> None:
        self._standing: dict[_Key, tuple[Alert, int]] = {}
        self._raised: Counter[_Key] = Counter()

    @property
    def standing(self) -> tuple[Alert, ...]:
        """Those that stand, the oldest first."""
        return tuple(alert for alert, _ in self._standing.values())

    @property
    def raised(self) -> tuple[tuple[AlertKind, str, int], ...]:
        """How often each was raised: kind, subject, times."""
        return tuple((*key, count) for key, count in self._raised.items())

    def update(self, findings: Iterable[Finding], time: float) -> Changes:
        """Take what holds now, at a time since 1970; the first finding of an alert counts."""
        held: dict[_Key, Finding] = {}
        for finding in findings:
            held.setdefault((finding.kind, finding.subject), finding)
        over = [key for key in self._standing if key not in held]
        cleared = tuple(self._standing.pop(key)[0] for key in over)
        new = [key for key, finding in held.items() if not self._stands(key, finding)]
        return Changes(tuple(self._raise(held[key], time) for key in new), cleared)

    def _stands(self, key: _Key, finding: Finding) -> bool:
        known = self._standing.get(key)
        return known is not None and known[1] == finding.occasion

    def _raise(self, finding: Finding, time: float) -> Alert:
        key = finding.kind, finding.subject
        alert = Alert(finding.kind, finding.subject, finding.text, time)
        self._standing.pop(key, None)  # so that the order is that of their beginning
        self._standing[key] = alert, finding.occasion
        self._raised[key] += 1
        return alert
