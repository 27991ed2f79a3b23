"""What is remembered of a pool from one connection to the next."""

from dataclasses import replace
from enum import Enum

from stampmill.pool.stratum.answers import SubscribeResult
from stampmill.pool.upstream.outbox import Asked
from stampmill.pool.upstream.plan import ClientPlan, ResumePoint


class _Blame(Enum):
    NONE = "none"
    SUSPECTED = "suspected"
    PROVEN = "proven"


class PoolMemory:
    """The session to resume, and optional requests at which this pool hangs up.

    Every handshake has a configure open, so a hang-up may as well be a restart: the next attempt
    makes the request after authorization, and only a pool that hangs up there too is spared it.
    """

    def __init__(self) -> None:
        self._resume: ResumePoint | None = None
        self._configure = _Blame.NONE
        self._spared: frozenset[Asked] = frozenset()

    def plan(self, base: ClientPlan) -> ClientPlan:
        """Return the plan for the next connection."""
        plan = replace(
            base,
            resume=self._resume,
            configure_late=self._configure is _Blame.SUSPECTED,
            extranonce_subscribe=base.extranonce_subscribe
            and Asked.EXTRANONCE_SUBSCRIBE not in self._spared,
        )
        if self._configure is _Blame.PROVEN:
            plan = replace(plan, version_mask=0, minimum_difficulty=None, info=())
        if Asked.SUGGEST_DIFFICULTY in self._spared:
            plan = replace(plan, suggest_difficulty=None)
        return plan

    def on_subscribed(self, result: SubscribeResult) -> None:
        """Note the session, if it can be resumed."""
        session_id = result.session_id
        self._resume = None if session_id is None else ResumePoint(session_id, result.extranonce1)

    def on_configured(self) -> None:
        """Note that the pool survives a configure."""
        self._configure = _Blame.NONE

    def on_hang_up(self, open_requests: frozenset[Asked], *, authorized: bool) -> None:
        """Blame the optional request that was open when the pool closed the connection."""
        late = open_requests & {Asked.SUGGEST_DIFFICULTY, Asked.EXTRANONCE_SUBSCRIBE}
        if late:
            # Both go out together, so either may be at fault: neither is worth a connection.
            self._spared |= late
        elif Asked.CONFIGURE in open_requests:
            proven = authorized and self._configure is _Blame.SUSPECTED
            self._configure = _Blame.PROVEN if proven else _Blame.SUSPECTED
        elif not authorized and self._configure is _Blame.SUSPECTED:
            self._configure = _Blame.NONE  # leaving it out did not help, so it was not that
