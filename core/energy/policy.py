"""What the rules want together: the strictest wins, for all devices and for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stampmill.core.energy.rules import RUN, ByBattery, ByHeat, ByPrice, Limits, Ruling, by_hours
from stampmill.core.snapshot import PolicyAction

BASE_PERIOD = 10.0
"""Seconds in which a throttled device works once and rests once."""
PERIODS = {"opencl": 60.0, "asic": 600.0}
"""Longer ones: a GPU frees its memory and takes it again, and chips are to change between hot and
cool no more often than need be."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at. `now` is monotonic seconds, temperatures are degrees Celsius."""

    now: float
    local: datetime
    price: float | None = None
    currency: str = ""
    on_battery: bool | None = None
    heat: Mapping[int, float | None] = field(default_factory=dict)
    """Of each device, by its place in the snapshot."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted of all devices, and of some more than that."""

    all: Ruling = RUN
    devices: Mapping[int, Ruling] = field(default_factory=dict)

    def of(self, device: int) -> Ruling:
        """Return what is wanted of a device."""
        return self.devices.get(device, self.all)


class Policy:
    """Judges again and again. The limits may change meanwhile: what it remembers stays."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._price = ByPrice()
        self._battery = ByBattery()
        self._heat: dict[int, ByHeat] = {}

    def decide(self, facts: Facts) -> Decision:
        """Return what is to be done now."""
        limits = self.limits
        wanted = strictest(
            by_hours(limits, facts.local),
            self._price.judge(limits, facts.price, facts.currency),
            self._battery.judge(limits, facts.on_battery, facts.now),
        )
        hot = {}
        for device, celsius in facts.heat.items():
            rule = self._heat.setdefault(device, ByHeat())
            ruling = rule.judge(limits, celsius, facts.now)
            if ruling.severity > wanted.severity:
                hot[device] = ruling
        return Decision(wanted, hot)


def strictest(*rulings: Ruling) -> Ruling:
    """Return the one that lets devices work least; of equals the first."""
    return max(rulings, key=lambda ruling: ruling.severity)


def rests(ruling: Ruling, backend: str, now: float) -> bool:
    """Tell whether a device of this backend is to rest at a monotonic time."""
    if ruling.action is PolicyAction.THROTTLE:
        period = PERIODS.get(backend, BASE_PERIOD)
        return now % period >= ruling.duty * period
    return ruling.action is PolicyAction.PAUSE


def seconds_to_turn(ruling: Ruling, backend: str, now: float) -> float | None:
    """Return after how long a throttled device begins to rest, or to work; None: by no clock."""
    if ruling.action is not PolicyAction.THROTTLE:
        return None
    period = PERIODS.get(backend, BASE_PERIOD)
    passed, works = now % period, ruling.duty * period
    return works - passed if passed < works else period - passed
