"""The source of jobs that is a Stratum v1 pool: dials, mines, dials again."""

import asyncio
import random as system_random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from stampmill.core.errors import NoPoolError, UsageError
from stampmill.core.job import Share, ShareResult, Verdict
from stampmill.core.job_source import JobListener, SourceState, SourceStatus
from stampmill.core.settings import PoolSettings, RetryPolicy, Timeouts
from stampmill.pool.audit import AuditEvent, AuditLog
from stampmill.pool.backoff import Backoff
from stampmill.pool.connection import PoolConnection
from stampmill.pool.egress import Egress
from stampmill.pool.endpoint import Endpoint, PoolAddress, parse_pool_url
from stampmill.pool.memory import PoolMemory
from stampmill.pool.redirect import RedirectPolicy, RedirectRule
from stampmill.pool.session import Outcome, PoolRecord, Session
from stampmill.pool.stratum.messages import Message, encode
from stampmill.pool.stratum.requests import BIP320_MASK, Authorize, Submit, Subscribe
from stampmill.pool.trace import Direction, Trace
from stampmill.pool.transport.connect import Sleep, connect
from stampmill.pool.transport.faults import ConnectError, ConnectFault
from stampmill.pool.transport.route import plan_route
from stampmill.pool.upstream.events import EndCause
from stampmill.pool.upstream.plan import ClientLimits, ClientPlan
from stampmill.pool.upstream.protocol import ClientProtocol

if TYPE_CHECKING:
    from stampmill.pool.payout.address import Payout

MAX_LINE = 1024
"""ckpool drops a client whose line is longer."""

_TIMEOUTS = Timeouts()
_STAYS = {EndCause.AUTHORIZE_REFUSED, EndCause.PAYS_OTHERS}
"""What a pool does not think better of soon."""


class StratumSource:
    """Jobs from a pool: a `core.job_source.JobSource`.

    Every job reaches the listener in the callback that read its last byte, every share is written
    in the call that submits it. `trace` sees each line, but no password. `clock` (monotonic
    seconds), `sleep` and `random` (in [0, 1)) are for tests to pass. `egress` is the user's list of
    what may be connected to, else it is the pool's own hosts. Raises UsageError for settings that
    no pool could take, or that contradict each other.
    """

    def __init__(
        self,
        settings: PoolSettings,
        retry: RetryPolicy,
        *,
        user_agent: str,
        version_mask: int = BIP320_MASK,
        timeouts: Timeouts = _TIMEOUTS,
        egress: Egress | None = None,
        audit: AuditLog | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        random: Callable[[], float] = system_random.random,
        trace: Trace | None = None,
    ) -> None:
        address = parse_pool_url(settings.url)
        self._configured = address.endpoint
        self._plan = _plan(settings, address, user_agent, version_mask)
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._trace = trace
        self._backoff = Backoff(retry, random)
        self._limits = ClientLimits(handshake=timeouts.answer, silence=timeouts.silence)
        self._route = plan_route(settings, self._configured, egress, timeouts)
        redirects = RedirectPolicy(
            self._configured,
            RedirectRule(settings.redirect),
            settings.redirect_hosts,
            self._route.check,
        )
        self._audit = audit or AuditLog()
        if egress is None:
            self._route.egress.on_refusal = self._on_egress_refused
        self._record = PoolRecord(PoolMemory(), redirects, audit=self._audit)
        self._listener: JobListener | None = None
        self._connection: PoolConnection | None = None
        self._attempts = 0

    async def run(self, listener: JobListener) -> None:
        """Deliver jobs until cancelled; raise NoPoolError when the retries are used up."""
        self._listener = listener
        endpoint = self._configured
        while True:
            outcome = await self._attempt(listener, endpoint)
            # A redirect is followed once; after a loss it is the configured address again.
            endpoint = outcome.next_endpoint or self._configured
            pause = self._pause_after(outcome)
            text = f"{outcome.text}; connecting again in {pause:.0f} s"
            listener.on_notice(text, warning=outcome.next_endpoint is None)
            await self._sleep(pause)

    def submit(self, share: Share) -> None:
        """Write the share now, or report it lost; its one result comes through the listener."""
        if self._connection is not None:
            self._connection.submit(share)
            if share.solves_block:
                self._audit.block_found(str(self._configured), share)
        elif self._listener is not None:
            lost = ShareResult(Verdict.LOST, text="no connection to send it on")
            self._listener.on_share_result(share, lost)

    def wish(self, suggest: float | None, minimum: float | None) -> None:
        """Ask for other difficulties from now on, at once where there is a connection.

        None: nothing is asked for any more, and the pool may go on as it likes.
        """
        self._plan = replace(self._plan, suggest_difficulty=suggest, minimum_difficulty=minimum)
        if self._connection is not None:
            # Without what this pool is known to hang up at.
            plan = self._record.memory.plan(self._plan)
            self._connection.wish(plan.suggest_difficulty, plan.minimum_difficulty)

    async def drain(self, seconds: float) -> None:
        """Wait at most so long for open submits, then report what is left as lost."""
        connection = self._connection
        if connection is not None:
            await connection.settle(seconds)
            connection.give_up_shares("not answered before the end")

    def status(self) -> SourceStatus:
        """Return what is known now."""
        protocol = None if self._connection is None else self._connection.protocol
        return SourceStatus(
            name="stratum",
            state=self._record.state,
            url=str(self._configured),
            user=self._plan.user,
            difficulty=None if protocol is None else protocol.terms.difficulty,
            pending=0 if protocol is None else protocol.pending,
            reconnects=max(0, self._attempts - 1),
            latency=self._record.latency,
            dropped=tuple((drop.value, count) for drop, count in self._record.drops.items()),
            faults=tuple(self._record.faults.items()),
            sink=self,
        )

    async def _attempt(self, listener: JobListener, endpoint: Endpoint) -> Outcome:
        self._attempts += 1
        self._record.state = SourceState.CONNECTING
        session = Session(listener, self._record, endpoint, self._clock)
        if self._route.tls is not None and self._route.tls.insecure:
            text = f"{endpoint} is not verified (tls-insecure): whoever is on the way can be it"
            listener.on_notice(text, warning=True)
        try:
            factory = partial(self._new_connection, session)
            connection = await connect(endpoint, factory, self._route, self._sleep)
            self._on_connected(endpoint, connection)
            outcome = await session.serve(connection)
            self._on_fault(AuditEvent.DISCONNECTED, endpoint, outcome.text, outcome.cause)
        except ConnectError as error:
            self._on_fault(AuditEvent.CONNECT_FAILED, endpoint, str(error), error.fault)
            return Outcome(str(error))
        else:
            return outcome
        finally:
            if self._connection is not None:
                self._connection.close(EndCause.STOPPED, "stopped")
            self._connection = None
            self._record.state = SourceState.DISCONNECTED

    def _on_connected(self, endpoint: Endpoint, connection: PoolConnection) -> None:
        tls, proxy = self._route.tls, self._route.proxy
        self._audit.record(
            AuditEvent.CONNECTED,
            pool=str(endpoint),
            user=self._plan.user,
            address=connection.peer,
            trusts=None if tls is None else str(tls),
            proxy=None if proxy is None else str(proxy),
        )

    def _on_fault(
        self, what: AuditEvent, endpoint: Endpoint, text: str, cause: EndCause | ConnectFault | None
    ) -> None:
        name = "unknown" if cause is None else cause.value
        self._record.faults[name] += 1
        self._audit.record(what, pool=str(endpoint), cause=name, text=text)

    def _on_egress_refused(self, text: str) -> None:
        self._audit.record(AuditEvent.EGRESS_REFUSED, pool=str(self._configured), text=text)

    def _new_connection(self, session: Session) -> PoolConnection:
        on_line = None if self._trace is None else partial(self._trace, Direction.RECEIVED)
        protocol = ClientProtocol(
            self._record.memory.plan(self._plan), self, self._limits, on_line=on_line
        )
        self._connection = PoolConnection(
            protocol, session.handle, self._clock, self._sleep, self._trace
        )
        self._record.state = SourceState.CONNECTED
        return self._connection

    def _pause_after(self, outcome: Outcome) -> float:
        if outcome.next_endpoint is not None:
            return outcome.wait + self._random()
        if outcome.proved:
            self._backoff.reset()
        else:
            self._count_failure(outcome)
        return self._backoff.pause(refused=outcome.cause in _STAYS)

    def _count_failure(self, outcome: Outcome) -> None:
        self._backoff.failed()
        if self._backoff.exhausted:
            times = self._backoff.failures
            attempts = "1 attempt" if times == 1 else f"{times} attempts in a row"
            raise NoPoolError(f"no pool at {self._configured} after {attempts}: {outcome.text}")


def _plan(
    settings: PoolSettings, address: PoolAddress, user_agent: str, version_mask: int
) -> ClientPlan:
    """Return what to ask for; what is set apart from the URL goes before what stands in it."""
    is_set = settings.password != PoolSettings(settings.url).password
    plan = ClientPlan(
        user_agent,
        settings.user or address.user or "",
        settings.password if is_set or address.password is None else address.password,
        version_mask,
        settings.suggest_difficulty,
        settings.minimum_difficulty,
        (("sw-version", user_agent),),
        extranonce_subscribe=settings.extranonce_subscribe,
        send_difference=settings.send_difference,
        payout=_payout(settings.check_address) if settings.check_address else None,
    )
    _check_length(Subscribe(plan.user_agent, "x" * 128), f"the user agent {plan.user_agent!r}")
    _check_length(Authorize(plan.user, plan.password), f"user {plan.user!r} with its password")
    longest = Submit(plan.user, "j" * 128, bytes(16), 0, 0, 0)
    _check_length(longest, f"user {plan.user!r}")
    return plan


def _payout(address: str) -> "Payout":
    # Most users have no coinbase checked, and go without what reads addresses.
    from stampmill.pool.payout.address import read_address  # noqa: PLC0415

    return read_address(address)


def _check_length(message: Message, whose: str) -> None:
    try:
        length = len(encode(message, 10**9))
    except UnicodeEncodeError:
        raise UsageError(f"{whose} is not valid text") from None
    if length > MAX_LINE:
        raise UsageError(f"{whose} is too long: pools take lines of {MAX_LINE} bytes")
