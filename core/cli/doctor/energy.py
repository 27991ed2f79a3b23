"""Checks of energy and rules: what meters there are, what is known of prices, what rules hold."""

import time
from collections.abc import Collection, Iterator

from stampmill.core.cli.doctor.finding import Finding, Grade, bad, doubtful, well
from stampmill.core.energy.complaints import about_prices
from stampmill.core.energy.metering import CPU_BACKENDS
from stampmill.core.energy.meters import rapl, supply
from stampmill.core.energy.plan import Plan, plan_of
from stampmill.core.errors import UsageError
from stampmill.core.settings import MineSettings


def energy(settings: MineSettings, backends: Collection[str]) -> Iterator[Finding]:
    """Tell what a run on these backends would know and do."""
    try:
        plan = plan_of(settings.energy, settings.rules)
    except UsageError as error:
        yield bad("energy", str(error), "see `stampmill mine --help`, energy and rules")
        return
    if plan.metered and CPU_BACKENDS & set(backends):
        yield _cpu_power(plan)
    if plan.tariff.is_given:
        yield from _prices(plan)
    if plan.limits.said.on_battery is not None:
        yield _battery()


def _cpu_power(plan: Plan) -> Finding:
    if any(each.name in CPU_BACKENDS for each in plan.power):
        return well("energy", "the CPU's power is as configured")
    why_not = rapl.why_not()
    if not why_not:
        return well("energy", f"the CPU counts it: {', '.join(rapl.read())}")
    if plan.is_asked_for:
        return doubtful("energy", why_not, "")
    return Finding("energy", Grade.LEFT_OUT, why_not)


def _prices(plan: Plan) -> Iterator[Finding]:
    now, tariff = time.time(), plan.tariff
    price = tariff.price(now)
    shown = "none is known now" if price is None else f"{price:g} {plan.currency}".strip()
    known = f", {tariff.file.table.described(tariff.zone)}" if tariff.file else ""
    yield well("price", f"{shown}{known}")
    for line in about_prices(plan, now):
        yield doubtful("price", line, "write prices of today into it")


def _battery() -> Finding:
    state = supply.read()
    if state.on_battery is None:
        return doubtful("battery", state.why_not, "leave on-battery out: nothing would tell")
    return well("battery", "in use" if state.on_battery else "not in use")
