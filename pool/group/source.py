"""Several pools as one source: mines on one of them, and goes to another when it must."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from stampmill.core.errors import NoPoolError, UsageError
from stampmill.core.job import Share
from stampmill.core.job_source import JobListener, JobSource, SourceStatus
from stampmill.pool.audit import AuditEvent, AuditLog
from stampmill.pool.group.choice import Policy
from stampmill.pool.group.health import Health
from stampmill.pool.group.limits import GroupLimits
from stampmill.pool.group.member import Member
from stampmill.pool.transport.connect import Sleep

TICK = 1.0
"""Seconds between two looks at what time alone decides."""

_LIMITS = GroupLimits()


class PoolGroup:
    """A `core.job_source.JobSource` made of others, in the order of their rank.

    A share goes back to the source of its job, through the connection that it has then; a pool
    that is left keeps its connection until its open submits are answered. `clock` (monotonic
    seconds) and `sleep` are for tests to pass.
    """

    def __init__(
        self,
        sources: Sequence[JobSource],
        policy: Policy,
        limits: GroupLimits = _LIMITS,
        *,
        audit: AuditLog | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._members = [Member(source, Health(limits), self._review, clock) for source in sources]
        self._numbers = {member: number for number, member in enumerate(self._members)}
        self._policy = policy
        self._limits = limits
        self._audit = audit or AuditLog()
        self._clock = clock
        self._sleep = sleep
        self._active: Member | None = None
        self._active_since = 0.0
        self._listener: JobListener | None = None

    async def run(self, listener: JobListener) -> None:
        """Deliver jobs until cancelled; raise NoPoolError when all pools' retries are used up."""
        self._listener = listener
        try:
            while True:
                self._look()
                await self._sleep(TICK)
        finally:
            self._listener = None
            await asyncio.gather(*(member.gone() for member in self._members))

    def submit(self, share: Share) -> None:
        """Send a share to the pool of its job."""
        share.job.sink.submit(share)

    async def drain(self, seconds: float) -> None:
        """Wait at most so long for open submits of all pools, then report what is left as lost."""
        await asyncio.gather(*(member.source.drain(seconds) for member in self._members))

    def status(self) -> SourceStatus:
        """Return what is known of the pool that is mined on, and of the others."""
        shown = self._members.index(self._active or self._members[0])
        all_of_them = [
            replace(
                member.source.status(),
                number=self._numbers[member],
                rank=rank,
                enabled=member.enabled,
            )
            for rank, member in enumerate(self._members)
        ]
        here = all_of_them.pop(shown)
        return replace(here, others=tuple(all_of_them))

    def reorder(self, numbers: Sequence[int]) -> None:
        """Prefer these pools, by their numbers, in this order, and then the others as before.

        Raise UsageError for a number that no pool has, or where all are mined on in turns.
        """
        if self._policy.takes_turns:
            raise UsageError("there is no order: all pools are mined on in turns")
        first = [self._numbered(number) for number in dict.fromkeys(numbers)]
        self._members = [*first, *(member for member in self._members if member not in first)]
        for member in self._members:
            member.health.asked_for = member is self._members[0]
        self._review()

    def enable(self, number: int, *, wanted: bool) -> None:
        """Use a pool again, or leave it be; raise UsageError for no such pool, or the last one."""
        member = self._numbered(number)
        if not wanted and not any(other.enabled for other in self._members if other is not member):
            raise UsageError("the last pool in use cannot be disabled")
        member.enabled = wanted
        if not wanted:
            member.health.on_hung_up()
            member.stop(self._limits.drain)
        self._review()

    def _numbered(self, number: int) -> Member:
        for member, known in self._numbers.items():
            if known == number:
                return member
        raise UsageError(f"there is no pool {number}: they are 0 to {len(self._members) - 1}")

    def _look(self) -> None:
        """Do what time alone decides."""
        ended = [member for member in self._members if member.look()]
        if self._active is None and all(member.gave_up for member in self._wanted()):
            raise NoPoolError("; ".join(member.gave_up for member in self._wanted()))
        for member in ended:
            member.rests_until = self._clock() + self._limits.rest
            self._say(f"gave up {member.name} for now: {member.gave_up}", warning=True)
        self._judge()
        self._review()

    def _judge(self) -> None:
        """Leave what does not deliver; forgive what has delivered for long."""
        now = self._clock()
        for member in self._members:
            fault = member.health.fault(now)
            if fault is not None:
                member.why = fault.value
                member.rests_until = now + self._limits.rest
                member.health.on_left()
                member.stop(self._limits.drain)
                self._say(f"left {member.name}: {fault.value}", warning=True)
        if self._active and now - self._active_since >= self._limits.most_stable:
            self._active.health.on_proved()

    def _review(self) -> None:
        """Mine on the right pool, and be connected to those that are wanted."""
        if self._listener is None:
            return
        members = self._in_order()
        active = members.index(self._active) if self._active else None
        pools = [member.health for member in members]
        choice = self._policy.choose(pools, active, self._clock())
        if choice.active != active:
            self._switch(None if choice.active is None else members[choice.active])
        for place, member in enumerate(members):
            if place >= choice.dialled or not member.enabled:
                member.hang_up(self._limits.drain)
            elif self._may_dial(member):
                member.start(self._listener)

    def _wanted(self) -> list[Member]:
        return [member for member in self._members if member.enabled]

    def _in_order(self) -> list[Member]:
        """Return the members as the policy is to see them: it counts turns by their place."""
        if self._policy.takes_turns:
            return self._members
        return sorted(self._members, key=lambda member: not member.enabled)

    def _may_dial(self, member: Member) -> bool:
        """Tell whether to start a member: one that gave up only while another is mined on."""
        hopeful = not member.gave_up or self._active is not None
        return not member.runs and hopeful and self._clock() >= member.rests_until

    def _switch(self, to: Member | None) -> None:
        old, self._active, self._active_since = self._active, to, self._clock()
        for member in self._members:
            member.active = member is to
            member.heard = to is None or member is to
        if self._listener is None:
            return
        if to is None or to.health.job is None:
            self._listener.on_no_job(old.why if old else "")
            return
        if old is not None and not self._policy.takes_turns:
            self._audit.record(AuditEvent.POOL_SWITCHED, pool=to.name, before=old.name)
            self._say(f"mining at {to.name} instead of {old.name}", warning=True)
        # As if it came now: what it takes to get all devices on it counts from here.
        self._listener.on_job(replace(to.health.job, received_at=self._clock()))

    def _say(self, text: str, *, warning: bool = False) -> None:
        if self._listener is not None:
            self._listener.on_notice(text, warning=warning)
