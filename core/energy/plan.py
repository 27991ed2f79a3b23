"""The settings of energy and rules, checked and read: what a run needs of them."""

import math
from dataclasses import dataclass

from stampmill.core.energy.power import Configured, parse_power
from stampmill.core.energy.prices.spans import parse_spans
from stampmill.core.energy.prices.tariff import Tariff, tariff_of
from stampmill.core.energy.rules import COOLER_BY, Limits
from stampmill.core.errors import UsageError
from stampmill.core.settings import EnergySettings, RuleSettings

_HEAT = (20.0, 150.0)
"""Degrees Celsius that a limit can mean: outside it is another unit, or a slip."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is metered, what it costs, and when it is paused."""

    metered: bool
    power: tuple[Configured, ...]
    tariff: Tariff
    currency: str
    limits: Limits

    @property
    def has_rules(self) -> bool:
        """Whether anything could pause or throttle the run."""
        said = self.limits.said
        limits = (said.pause_above_price, said.temp_limit, said.on_battery)
        return bool(self.limits.hours) or any(limit is not None for limit in limits)

    @property
    def is_asked_for(self) -> bool:
        """Whether the user wants to know of energy, rather than to see what happens to be known."""
        return bool(self.power) or self.tariff.is_given


def plan_of(energy: EnergySettings, rules: RuleSettings) -> Plan:
    """Return the plan, the price file read; raise UsageError naming what is wrong."""
    tariff = tariff_of(energy)
    _check_prices(rules, tariff)
    _check_heat(rules)
    limits = Limits(rules, parse_spans(rules.mine_hours, "mine-hours"))
    return Plan(energy.metered, parse_power(energy.power), tariff, energy.currency, limits)


def _check_prices(rules: RuleSettings, tariff: Tariff) -> None:
    pause, resume = rules.pause_above_price, rules.resume_below_price
    for name, price in (("pause-above-price", pause), ("resume-below-price", resume)):
        if price is not None and not math.isfinite(price):
            raise UsageError(f"{name} '{price}' is no price")
    if pause is None:
        if resume is not None:
            raise UsageError("resume-below-price: say pause-above-price as well")
        return
    if not tariff.is_given:
        raise UsageError("pause-above-price: no price is given; add price, price-band, price-file")
    if resume is not None and resume > pause:
        raise UsageError(
            f"resume-below-price {resume:g} is above pause-above-price {pause:g}: at a price "
            "between them, is it to run or not?"
        )


def _check_heat(rules: RuleSettings) -> None:
    limit, resume = rules.temp_limit, rules.temp_resume
    if limit is None:
        if resume is not None:
            raise UsageError("temp-resume: say temp-limit as well")
        return
    if not _HEAT[0] + COOLER_BY <= limit <= _HEAT[1]:
        raise UsageError(f"temp-limit {limit:g} is not {_HEAT[0] + COOLER_BY:g} .. {_HEAT[1]:g} C")
    if resume is not None and not _HEAT[0] <= resume < limit:
        raise UsageError(
            f"temp-resume {resume:g} is not between {_HEAT[0]:g} and temp-limit {limit:g} C"
        )
