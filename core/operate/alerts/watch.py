"""Looks at a run once a second, and tells what is raised and what is over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stampmill.core.events import Notice
from stampmill.core.operate.alerts.book import AlertBook
from stampmill.core.operate.alerts.devices import BelowExpectation, TooHot
from stampmill.core.operate.alerts.finding import Rule, Step, slug
from stampmill.core.operate.alerts.moments import BlockFound, PoolSwitched, RedirectRefused
from stampmill.core.operate.alerts.shares import NoAcceptedShare, RejectedShares
from stampmill.core.operate.words import duration
from stampmill.core.settings import AlertSettings
from stampmill.core.snapshot import Alert, AlertKind, Snapshot


@dataclass(frozen=True, slots=True)
class News:
    """An alert that was raised, or is over; `time` counts from 1970."""

    alert: Alert
    raised: bool
    time: float


def rules_for(settings: AlertSettings, *, in_turns: bool) -> list[Rule]:
    """Return the rules of a run; `in_turns`: its pools are mined on in turns."""
    return [
        NoAcceptedShare(),
        BelowExpectation(settings.rate),
        RejectedShares(settings.rejects),
        TooHot(settings.temperature),
        PoolSwitched(in_turns=in_turns),
        RedirectRefused(),
        BlockFound(),
    ]


class AlertWatch:
    """The alerts of one run: kept by looks, and added to its snapshots."""

    def __init__(
        self,
        rules: Sequence[Rule],
        tell: Callable[[News], None],
        outcomes: Callable[[], tuple[tuple[str, int], ...]] = tuple,
    ) -> None:
        """Take what is told of each change, and what became of messages sent."""
        self._rules = rules
        self._tell = tell
        self._outcomes = outcomes
        self._book = AlertBook()
        self._before: Snapshot | None = None

    def look(self, shot: Snapshot) -> None:
        """Compare with the look before, and tell what is new."""
        step = Step(self._before or shot, shot)
        self._before = shot
        findings = [finding for rule in self._rules for finding in rule.look(step)]
        changes = self._book.update(findings, shot.time)
        for alert in changes.cleared:
            self._tell(News(alert, raised=False, time=shot.time))
        for alert in changes.raised:
            self._tell(News(alert, raised=True, time=shot.time))

    def amend(self, shot: Snapshot) -> Snapshot:
        """Return the snapshot with the alerts in it."""
        book = self._book
        return replace(
            shot, alerts=book.standing, alerts_raised=book.raised, alerts_sent=self._outcomes()
        )


def notice(news: News) -> Notice:
    """Return the line for people, with what programs want to know of it."""
    alert = news.alert
    facts = {"kind": slug(alert.kind), "subject": alert.subject}
    if news.raised:
        text = f"{alert.kind.value}, {alert.subject}: {alert.text}"
        facts["state"] = "raised"
    else:
        lasted = duration(max(news.time - alert.since, 0.0))
        text = f"over after {lasted}: {alert.kind.value}, {alert.subject}"
        facts["state"] = "cleared"
    bad = news.raised and alert.kind is not AlertKind.BLOCK_FOUND
    return Notice(text, warning=bad, about="alert", facts=tuple(facts.items()))
