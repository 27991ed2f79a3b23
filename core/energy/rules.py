"""The rules, each by itself: by hours, price, battery and heat, with what each remembers.

A rule that has spoken goes on until what it watches is well back, so that it never flaps.
"""

from dataclasses import dataclass
from datetime import datetime

from stampmill.core.energy.prices.spans import Span
from stampmill.core.settings import RuleSettings
from stampmill.core.snapshot import PolicyAction

COOLER_BY = 5.0
"""Degrees below the limit at which a device goes on, if nothing else was said: as GPUs do."""
UNKNOWN_HEAT_SECONDS = 300.0
"""A device too hot whose sensor says nothing any more is tried again after this long."""
LINE_SECONDS = 10.0
"""How long the power line must have been there: plugs bounce."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule wants, why, and for what part of the time devices are to work if throttled."""

    action: PolicyAction
    rule: str = ""
    reason: str = "nothing is against it"
    duty: float = 1.0

    @property
    def severity(self) -> tuple[int, float]:
        """Orders rulings: the greater, the stricter."""
        return _SEVERITY[self.action], -self.duty


_SEVERITY = {PolicyAction.RUN: 0, PolicyAction.THROTTLE: 1, PolicyAction.PAUSE: 2}
RUN = Ruling(PolicyAction.RUN)


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings of the rules, their hours read."""

    said: RuleSettings
    hours: tuple[Span, ...] = ()

    def ruling(self, action: str, rule: str, reason: str) -> Ruling:
        """Return what an action by its name means."""
        wanted = PolicyAction(action)
        throttled = wanted is PolicyAction.THROTTLE
        return Ruling(wanted, rule, reason, self.said.throttle_to / 100 if throttled else 1.0)


def by_hours(limits: Limits, local: datetime) -> Ruling:
    """Judge a local time."""
    if not limits.hours or any(span.holds(local) for span in limits.hours):
        return RUN
    hours = ", ".join(span.text for span in limits.hours)
    return limits.ruling(limits.said.off_hours, "hours", f"outside mine-hours {hours}")


class ByPrice:
    """Judges the price of a kilowatt-hour."""

    def __init__(self) -> None:
        self._high = False

    def judge(self, limits: Limits, price: float | None, currency: str) -> Ruling:
        """Judge a price, which None is if there is none."""
        said, limit = limits.said, limits.said.pause_above_price
        if limit is None:
            self._high = False
            return RUN
        if price is None:
            return limits.ruling(said.on_unknown_price, "price", "no price is known")
        resume = limit if said.resume_below_price is None else said.resume_below_price
        self._high = price > limit or (self._high and price > resume)
        if not self._high:
            return RUN
        shown = f"price {price:g}{f' {currency}' if currency else ''}"
        reason = (
            f"{shown} is above {limit:g}" if price > limit else f"{shown}, goes on at {resume:g}"
        )
        return limits.ruling(said.on_high_price, "price", reason)


class ByBattery:
    """Judges where power comes from. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._seen_at: float | None = None

    def judge(self, limits: Limits, on_battery: bool | None, now: float) -> Ruling:
        """Judge whether it is the battery; None, not known, is taken for the line."""
        if on_battery:
            self._seen_at = now
        elif self._seen_at is not None and now - self._seen_at >= LINE_SECONDS:
            self._seen_at = None
        if limits.said.on_battery is None or self._seen_at is None:
            return RUN
        reason = "on battery" if on_battery else "back from the battery only just now"
        return limits.ruling(limits.said.on_battery, "battery", reason)


class ByHeat:
    """Judges the temperature of one device. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._hot = False
        self._known_at = 0.0

    def judge(self, limits: Limits, celsius: float | None, now: float) -> Ruling:
        """Judge degrees Celsius, which None are if there is no sensor."""
        limit = limits.said.temp_limit
        if limit is None:
            self._hot = False
            return RUN
        resume = limits.said.temp_resume
        resume = limit - COOLER_BY if resume is None else resume
        if celsius is None:
            self._hot = self._hot and now - self._known_at < UNKNOWN_HEAT_SECONDS
        else:
            self._known_at = now
            self._hot = celsius >= limit or (self._hot and celsius > resume)
        if not self._hot:
            return RUN
        shown = "its sensor is silent" if celsius is None else f"{celsius:g} C"
        reason = f"{shown}, the limit is {limit:g}, goes on at {resume:g}"
        return limits.ruling(limits.said.on_heat, "heat", reason)
