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
        quotas: Sequence[int] = (),
        audit: AuditLog | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._members: list[Member] = []
        """In the order of their rank."""
        self._numbered: list[Member] = []
        self._removed: list[Member] = []
        """Those that are only waited for what becomes of their shares."""
        self._policy = policy
        self._limits = limits
        self._audit = audit or AuditLog()
        self._clock = clock
        self._sleep = sleep
        self._active: Member | None = None
        self._active_since = 0.0
        self._listener: JobListener | None = None
        self._news = asyncio.Event()
        for place, source in enumerate(sources):
            self.add(source, quotas[place] if quotas else 1)

    async def run(self, listener: JobListener) -> None:
        """Deliver jobs until cancelled; raise NoPoolError when all pools' retries are used up."""
        self._listener = listener
        try:
            while True:
                self._look()
                await self._tick()
        finally:
            self._listener = None
            await asyncio.gather(*(member.gone() for member in self._all()))

    def submit(self, share: Share) -> None:
        """Send a share to the pool of its job."""
        share.job.sink.submit(share)

    async def drain(self, seconds: float) -> None:
        """Wait at most so long for open submits of all pools, then report what is left as lost."""
        await asyncio.gather(*(member.source.drain(seconds) for member in self._all()))

    def status(self) -> SourceStatus:
        """Return what is known of the pool that is mined on, and of the others."""
        here = self._active if self._active in self._members else None
        shown = self._members.index(here or self._members[0])
        all_of_them = [
            replace(
                member.source.status(),
                number=self._numbered.index(member),
                rank=rank,
                enabled=member.enabled,
                quota=member.health.quota,
            )
            for rank, member in enumerate(self._members)
        ]
        status = all_of_them.pop(shown)
        return replace(status, others=tuple(all_of_them))

    def reorder(self, numbers: Sequence[int]) -> None:
        """Prefer these pools, by their numbers, in this order, and then the others as before.

        Raise UsageError for a number that no pool has, or where all are mined on in turns.
        """
        if self._policy.takes_turns:
            raise UsageError("there is no order: all pools are mined on in turns")
        first = [self._known(number) for number in dict.fromkeys(numbers)]
        self._members = [*first, *(member for member in self._members if member not in first)]
        for member in self._members:
            member.health.asked_for = member is self._members[0]
        self._review()

    def enable(self, number: int, *, wanted: bool) -> None:
        """Use a pool again, or leave it be; raise UsageError for no such pool, or the last one."""
        member = self._known(number)
        if not wanted and not any(other.enabled for other in self._members if other is not member):
            raise UsageError("the last pool in use cannot be disabled")
        member.enabled = wanted
        if not wanted:
            member.health.on_hung_up()
            member.stop()
        self._review()

    def add(self, source: JobSource, quota: int = 1) -> int:
        """Take one more pool, behind all others, and return its number."""
        member = Member(
            source, Health(self._limits, quota), self._review, self._news.set,
            clock=self._clock, sleep=self._sleep,
        )  # fmt: skip
        self._members.append(member)
        self._numbered.append(member)
        self._on_members()
        return len(self._numbered) - 1

    def remove(self, number: int) -> None:
        """Leave a pool for good; those behind it move up, and the open submits are waited for.

        Raise UsageError for no such pool, or the last one in use.
        """
        member = self._known(number)
        if not any(other.enabled for other in self._members if other is not member):
            raise UsageError("the last pool in use cannot be removed")
        self._members.remove(member)
        self._numbered.remove(member)
        self._removed.append(member)
        member.active, member.why = False, f"{member.name} was removed"
        member.hang_up()
        self._on_members()

    @property
    def takes_turns(self) -> bool:
        """Whether all pools are mined on in turns, so that quotas count and ranks do not."""
        return self._policy.takes_turns

    def set_quota(self, number: int, quota: int) -> None:
        """Let a pool have another part of the work; raise UsageError where there are no turns."""
        if not self._policy.takes_turns:
            raise UsageError("there are no quotas: one pool is mined on, the others stand by")
        self._known(number).health.quota = quota

    def source(self, number: int) -> JobSource:
        """Return the source of a pool; raise UsageError for none."""
        return self._known(number).source

    def _on_members(self) -> None:
        for member in self._members:
            member.alone = len(self._members) == 1
        self._review()

    def _known(self, number: int) -> Member:
        if not 0 <= number < len(self._numbered):
            raise UsageError(f"there is no pool {number}: they are 0 to {len(self._members) - 1}")
        return self._numbered[number]

    def _all(self) -> list[Member]:
        return [*self._members, *self._removed]

    async def _tick(self) -> None:
        """Wait until it is time to look again, or until a pool has given up."""
        waits = [
            asyncio.create_task(self._sleep(TICK)), asyncio.create_task(self._news.wait()),
        ]  # fmt: skip
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._news.clear()
            for wait in waits:
                wait.cancel()

    def _look(self) -> None:
        """Do what time alone decides."""
        ended = [member for member in self._members if member.look()]
        self._removed = [member for member in self._removed if not member.look() and member.runs]
        if self._active is None and all(member.gave_up for member in self._wanted()):
            kinds = {member.gave_up_as for member in self._wanted()}
            kind = kinds.pop() if len(kinds) == 1 else NoPoolError
            raise kind("; ".join(member.gave_up for member in self._wanted()))
        for member in ended:
            member.rests_until = self._clock() + self._limits.rest
            self._say(f"gave up {member.name} for now: {member.gave_up}", warning=True)
        self._judge()
        self._review()

    def _judge(self) -> None:
        """Leave what does not deliver; forgive what has delivered for long."""
        now = self._clock()
        # Where there is nothing else to mine on, little is better than nothing.
        for member in self._members if len(self._wanted()) > 1 else ():
            fault = member.health.fault(now)
            if fault is not None:
                member.why = fault.value
                member.rests_until = now + self._limits.rest
                member.health.on_left()
                member.stop()
                self._say(f"left {member.name}: {fault.value}", warning=True)
        if self._active and now - self._active_since >= self._limits.most_stable:
            self._active.health.on_proved()

    def _review(self) -> None:
        """Mine on the right pool, and be connected to those that are wanted."""
        if self._listener is None:
            return
        members = self._in_order()
        active = members.index(self._active) if self._active in members else None
        pools = [member.health for member in members]
        choice = self._policy.choose(pools, active, self._clock())
        chosen = None if choice.active is None else members[choice.active]
        if chosen is not self._active:
            self._switch(chosen)
        for place, member in enumerate(members):
            if place >= choice.dialled or not member.enabled:
                member.hang_up()
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
