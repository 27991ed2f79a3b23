"""Lets the rules have their way with a run, and says and records what they decide, and why."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

from stampmill.core.energy.metering import Gathered, celsius_of
from stampmill.core.energy.plan import Plan
from stampmill.core.energy.policy import Decision, Facts, Policy, rests, seconds_to_turn
from stampmill.core.energy.rules import RUN, Ruling
from stampmill.core.scheduler import Holder
from stampmill.core.snapshot import (
    DevicePolicy,
    DeviceSnapshot,
    PolicyAction,
    PolicySnapshot,
    Snapshot,
)

WHO = "rules"


class Governed(Protocol):
    """A run, as a `core.miner.Miner` is one."""

    def pause(self, who: str, by: Holder) -> None:
        """Let all devices rest."""

    def resume(self, by: Holder) -> None:
        """End a holder's pause."""

    def hold(self, devices: Collection[int]) -> None:
        """Let these devices rest, and no others."""


Tell = Callable[[str, bool], None]
"""Takes a line for people, and whether it is a warning."""
Record = Callable[..., None]
"""Takes note of a decision in the audit log: who, what, and more."""


class Governor:
    """Decides once a second or so, and acts. Monotonic seconds and seconds since 1970 come in."""

    def __init__(self, plan: Plan, run: Governed, *, tell: Tell, record: Record) -> None:
        self.plan = plan
        self._policy = Policy(plan.limits)
        self._run = run
        self._tell = tell
        self._record = record
        self._decision = Decision()
        self._since = 0.0
        self._devices: Mapping[int, DeviceSnapshot] = {}

    def change(self, plan: Plan) -> None:
        """Go by another plan from now on; what the rules remember stays."""
        self.plan = plan
        self._policy.limits = plan.limits

    def step(
        self, shot: Snapshot, gathered: Gathered, now: float, local: datetime, price: float | None
    ) -> float | None:
        """Decide and act; return after how many seconds a throttled device is to turn."""
        self._devices = dict(enumerate(shot.devices))
        alive = [index for index, device in self._devices.items() if device.alive]
        heat = {index: celsius_of(self._devices[index], gathered) for index in alive}
        plan = self.plan
        facts = Facts(now, local, price, plan.currency, gathered.on_battery, heat)
        decision = self._policy.decide(facts)
        self._announce(decision, shot.time)
        self._act(decision, now)
        return min(self._turns(decision, now), default=None)

    def picture(self) -> PolicySnapshot | None:
        """Return what is decided, or None without any rule."""
        if not self.plan.has_rules:
            return None
        wanted = self._decision.all
        return PolicySnapshot(
            wanted.action,
            wanted.rule,
            wanted.reason,
            self._since,
            wanted.duty,
            tuple(
                DevicePolicy(self._devices[index].name, each.action, each.rule, each.reason)
                for index, each in self._decision.devices.items()
            ),
        )

    def release(self) -> None:
        """Let the run go on as if there were no rules."""
        self._run.hold([])
        self._run.resume(Holder.POLICY)

    def _act(self, decision: Decision, now: float) -> None:
        if decision.all.action is PolicyAction.PAUSE:
            self._run.pause(f"the {WHO} ({decision.all.reason})", Holder.POLICY)
        elif self._decision.all.action is PolicyAction.PAUSE:
            self._run.resume(Holder.POLICY)
        self._run.hold(
            [
                index
                for index, device in self._devices.items()
                if rests(decision.of(index), device.backend, now)
            ]
        )
        self._decision = decision

    def _turns(self, decision: Decision, now: float) -> list[float]:
        turns = (
            seconds_to_turn(decision.of(index), device.backend, now)
            for index, device in self._devices.items()
        )
        return [seconds for seconds in turns if seconds is not None]

    def _announce(self, decision: Decision, unix: float) -> None:
        """Say what is decided otherwise than before."""
        before = self._decision
        if _differ(before.all, decision.all):
            self._since = unix
            self._say("", decision.all)
        elif not self._since:
            self._since = unix
        for index in sorted({*before.devices, *decision.devices}):
            ruling = decision.devices.get(index, RUN)
            if _differ(before.devices.get(index, RUN), ruling):
                self._say(self._devices[index].name, ruling)

    def _say(self, device: str, ruling: Ruling) -> None:
        who = WHO + f" for {device}" * bool(device)
        part = f" to {ruling.duty:.0%}" * (ruling.action is PolicyAction.THROTTLE)
        self._tell(f"{who}: {ruling.action.value}{part}, {ruling.reason}", False)
        self._record(
            who=WHO, what=ruling.action.value, rule=ruling.rule, reason=ruling.reason,
            **({"device": device} if device else {}),
        )  # fmt: skip


def _differ(before: Ruling, after: Ruling) -> bool:
    """Tell whether a ruling is another; its reason may change with every reading."""
    return (before.action, before.rule, before.duty) != (after.action, after.rule, after.duty)
