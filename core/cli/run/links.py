"""What the connections to all pools of a run have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from stampmill.core.cli.views import View
from stampmill.core.events import Notice
from stampmill.core.miner import Miner
from stampmill.core.settings import MineSettings
from stampmill.pool.audit import AuditEvent, AuditLog
from stampmill.pool.egress import Egress

_COUNTED = ("accepted", "rejected", "stale", "lost", "unanswered", "blocks")


@dataclass(frozen=True, slots=True)
class Links:
    """The audit log, and what may be connected to; None: each pool's own hosts."""

    audit: AuditLog
    egress: Egress | None

    def close(self, miner: Miner) -> None:
        """Write the last line."""
        counts = {name: getattr(miner.stats, name) for name in _COUNTED}
        self.audit.record(AuditEvent.STOPPED, **counts)
        self.audit.close()


def open_links(settings: MineSettings, view: View) -> Links:
    """Open the audit log; raise UsageError for an egress list that is none."""
    audit = AuditLog(settings.audit_log, on_trouble=lambda text: view(Notice(text, warning=True)))
    if not settings.egress:
        return Links(audit, None)
    return Links(audit, Egress(settings.egress, _refusals(audit)))


def _refusals(audit: AuditLog) -> Callable[[str], None]:
    record = partial(audit.record, AuditEvent.EGRESS_REFUSED)
    return lambda text: record(text=text)
